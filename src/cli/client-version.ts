import { NEWEST_API_VERSION } from "../spec/engine-api/api-versions.ts";
import type { Cli } from "./cli.ts";
import { currentContext } from "./endpoint-sources.ts";
import { CLIENT_VERSION, GIT_COMMIT } from "./version.ts";

/** What the command line says of itself in `version` and `info`. */
export interface ClientVersion {
  readonly Platform: { readonly Name: string };
  readonly Version: string;
  /** That it speaks with the engine; unset where it did not ask. */
  readonly ApiVersion?: string;
  readonly DefaultAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly BuildTime: string;
  readonly Context: string;
}

export function clientVersion(cli: Cli): ClientVersion {
  return {
    Platform: { Name: "Gantry" },
    Version: CLIENT_VERSION,
    DefaultAPIVersion: NEWEST_API_VERSION,
    GitCommit: GIT_COMMIT,
    GoVersion: "",
    Os: process.platform,
    Arch: process.arch === "x64" ? "amd64" : process.arch,
    BuildTime: "",
    Context: currentContext(cli),
  };
}

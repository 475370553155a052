import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { invalidArgument, messageOf } from "../../base/errors.ts";

/** A registry's entry in `auths`; `auth` is base64 of `user:password`. */
export interface StoredAuth {
  auth?: string;
  email?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/** Docker's client configuration. Keys that are not named here are kept as they are when the file is written. */
export interface ClientConfig {
  auths?: Record<string, StoredAuth>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  currentContext?: string;
  detachKeys?: string;
  HttpHeaders?: Record<string, string>;
  psFormat?: string;
  imagesFormat?: string;
  networksFormat?: string;
  pluginsFormat?: string;
  volumesFormat?: string;
  statsFormat?: string;
  /** Folders where plug-ins of the command line are looked for first. */
  cliPluginsExtraDirs?: string[];
  proxies?: Record<string, Record<string, string>>;
  [key: string]: unknown;
}

/** `$DOCKER_CONFIG`, or `~/.docker`. */
export function defaultConfigDir(env: NodeJS.ProcessEnv): string {
  return env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");
}

/** The configuration in `dir`; an empty one where there is none. Errors: invalidArgument for a file that is not JSON. */
export function readClientConfig(dir: string): ClientConfig {
  const path = join(dir, "config.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ENOTDIR"
    )
      return {};
    throw invalidArgument(`loading config file: ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text) as ClientConfig;
  } catch (error) {
    throw invalidArgument(`parsing config file (${path}): ${messageOf(error)}`, { cause: error });
  }
}

import { VERSION } from "../../base/version.ts";
import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import type { SystemVersion } from "../../spec/engine-api/mod.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import type { SystemServiceParts } from "./parts.ts";

/** Which versions the engine and its programs have; those of the API are the server's to tell. */
export async function describeVersion(
  parts: SystemServiceParts,
): Promise<Omit<SystemVersion, "ApiVersion" | "MinAPIVersion">> {
  const { experimental } = parts;
  const { architecture } = hostPlatform();
  const init = await parts.init();
  const kernel = parts.host().kernel;
  return {
    Platform: { Name: "Gantry" },
    Components: [
      {
        Name: "Engine",
        Version: VERSION,
        Details: {
          ApiVersion: NEWEST_API_VERSION,
          Arch: architecture,
          BuildTime: "",
          Experimental: String(experimental),
          GitCommit: "",
          GoVersion: runtimeName(),
          KernelVersion: kernel.release,
          MinAPIVersion: OLDEST_API_VERSION,
          Os: "linux",
        },
      },
      ...parts.runtimes().map(({ name, version }) => ({ Name: name, Version: version, Details: {} })),
      { Name: init.name, Version: init.version, Details: { GitCommit: init.commit } },
    ],
    Version: VERSION,
    GitCommit: "",
    GoVersion: runtimeName(),
    Os: "linux",
    Arch: architecture,
    KernelVersion: kernel.release,
    ...(experimental ? { Experimental: true } : {}),
    BuildTime: "",
  };
}

function runtimeName(): string {
  const bun = process.versions["bun"];
  return bun ? `bun${bun}` : `node${process.versions.node}`;
}

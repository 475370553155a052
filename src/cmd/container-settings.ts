import { readFileSync } from "node:fs";
import { parseBinarySize } from "../base/bytes.ts";
import { internal, invalidArgument, messageOf } from "../base/errors.ts";
import type { FlagSet, FlagValues } from "../cli/flags/flag.ts";
import { bool, bytes, custom, int, list, string } from "../cli/flags/types.ts";
import { parseUlimit } from "../cli/options/ulimits.ts";
import { DeviceRequests } from "../drivers/devices-cdi/mod.ts";
import {
  defaultMaskedPaths,
  defaultReadonlyPaths,
  findHostDevices,
  findProgram,
  type HostFacts,
} from "../drivers/runtime-oci/mod.ts";
import type { CgroupWorld } from "../os/linux/cgroup/cgroup-world.ts";
import { allowRealtime } from "../os/linux/cgroup/realtime.ts";
import { isErrno } from "../os/linux/syscall-error.ts";
import type { HostDefaults } from "../services/containers/create/normalize-host-config.ts";
import { OciSpecs } from "../services/containers/run/oci-specs.ts";
import type { SecuritySettings } from "../services/system/host-facts.ts";
import type { Ulimit } from "../spec/engine-api/mod.ts";

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** The daemon's flags that say what containers are like unless they say otherwise. */
export const CONTAINER_FLAGS = {
  "cdi-spec-dir": list("CDI specification directories to use"),
  "cpu-rt-period": int(
    "Limit the CPU real-time period in microseconds for the parent cgroup for all containers (not supported with cgroups v2)",
  ),
  "cpu-rt-runtime": int(
    "Limit the CPU real-time runtime in microseconds for the parent cgroup for all containers (not supported with cgroups v2)",
  ),
  "default-cgroupns-mode": string('Default mode for containers cgroup namespace ("host" | "private")'),
  "default-ipc-mode": string('Default mode for containers ipc ("shareable" | "private")', {
    default: "private",
  }),
  "default-shm-size": bytes("Default shm size for containers", { defaultText: "64MiB" }),
  "default-ulimit": custom("ulimit", "Default ulimits for containers", parseUlimit, { defaultText: "[]" }),
  init: bool("Run an init in the container to forward signals and reap processes"),
  "init-path": string("Path to the docker-init binary"),
  "no-new-privileges": bool("Set no-new-privileges by default for new containers"),
  "seccomp-profile": string(
    'Path to seccomp profile. Set to "unconfined" to disable the default seccomp profile',
    { default: "builtin" },
  ),
} as const satisfies FlagSet;

export type ContainerSettings = FlagValues<typeof CONTAINER_FLAGS>;

/** Values that a configuration file spells otherwise than a flag; undefined for all others. Throws an Error. */
export function containerValueOf(name: string, value: unknown): unknown {
  if (name === "default-shm-size" && typeof value === "string") return parseBinarySize(value);
  if (name === "default-ulimit") return ulimitsOf(value);
  return undefined;
}

/** `{"nofile": {"Name": "nofile", "Soft": 64, "Hard": 64}}`. */
function ulimitsOf(value: unknown): Ulimit[] {
  const entries = Object.entries((value ?? {}) as Record<string, Partial<Ulimit> | null>);
  return entries.map(([key, entry]) => {
    const { Name = key, Soft, Hard } = entry ?? {};
    if (typeof Soft !== "number" || typeof Hard !== "number") throw new Error(`invalid ulimit: ${key}`);
    return parseUlimit(`${Name}=${Soft}:${Hard}`);
  });
}

/** Errors: invalidArgument, docker's texts. */
export function checkContainerSettings(settings: ContainerSettings): void {
  const ipc = settings["default-ipc-mode"];
  const hint = 'use "shareable" or "private"';
  if (["host", "none"].includes(ipc)) {
    throw invalidArgument(`IPC mode "${ipc}" is not supported as default value; ${hint}`);
  }
  if (!["", "shareable", "private"].includes(ipc)) {
    throw invalidArgument(`default IPC mode setting (${ipc}) is invalid; ${hint}`);
  }
  const cgroupns = settings["default-cgroupns-mode"];
  if (!["", "host", "private"].includes(cgroupns)) {
    throw invalidArgument(`invalid default cgroup namespace (${cgroupns}): use "host" or "private"`);
  }
}

/** What is filled in where a create request leaves something open. */
export function hostDefaultsOf(
  settings: ContainerSettings & { readonly dns: readonly string[] } & Record<
      "dns-opt" | "dns-search",
      readonly string[]
    >,
  runtime: string,
  cgroupVersion: 1 | 2,
  facts: HostFacts,
): HostDefaults {
  return {
    runtime,
    cgroupVersion,
    ipcMode: settings["default-ipc-mode"] || "private",
    cgroupnsMode: settings["default-cgroupns-mode"] as HostDefaults["cgroupnsMode"],
    shmSizeBytes: settings["default-shm-size"] || DEFAULT_SHM_BYTES,
    maskedPaths: defaultMaskedPaths(facts.throttledCpus),
    readonlyPaths: defaultReadonlyPaths(),
    ulimits: settings["default-ulimit"],
    dns: { dns: settings.dns, dnsSearch: settings["dns-search"], dnsOptions: settings["dns-opt"] },
  };
}

/** Who serves requests for devices. */
export function deviceRequestsOf(
  settings: ContainerSettings & { readonly feature: Readonly<Record<string, boolean>> },
): DeviceRequests {
  return new DeviceRequests({
    directories: settings.feature["cdi"] === false ? [] : deviceDirectories(settings["cdi-spec-dir"]),
    hostDevices: findHostDevices,
    findProgram,
  });
}

/** An empty name alone switches the devices off. */
function deviceDirectories(named: readonly string[]): string[] {
  return named.length === 0 ? ["/etc/cdi", "/var/run/cdi"] : named.filter((directory) => directory !== "");
}

/** OCI documents with these settings. Errors: invalidArgument where the seccomp profile cannot be read. */
export function ociSpecsOf(
  settings: ContainerSettings,
  facts: HostFacts,
  cgroupParent: string,
  devices: DeviceRequests,
  world: CgroupWorld,
): OciSpecs {
  const share = { periodUs: settings["cpu-rt-period"], runtimeUs: settings["cpu-rt-runtime"] };
  return new OciSpecs({
    facts,
    cgroupParent,
    devices,
    init: { program: settings["init-path"], byDefault: settings.init },
    defaults: {
      ulimits: settings["default-ulimit"],
      noNewPrivileges: settings["no-new-privileges"],
      seccomp: readSeccompProfile(settings["seccomp-profile"]),
    },
    allowRealtime: (parent) => {
      try {
        allowRealtime(world, parent, share);
      } catch (error) {
        throw internal(`cannot give ${parent} a share for real-time processes: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
  });
}

/** What `info` tells of containers' security. */
export function securitySettingsOf(settings: ContainerSettings): SecuritySettings {
  return {
    seccompProfile: settings["seccomp-profile"] || "builtin",
    noNewPrivileges: settings["no-new-privileges"],
  };
}

function readSeccompProfile(profile: string): string {
  if (["", "builtin", "unconfined"].includes(profile)) return profile || "builtin";
  try {
    return readFileSync(profile, "utf8");
  } catch (error) {
    const reason = isErrno(error, "ENOENT") ? "no such file or directory" : String(error);
    throw invalidArgument(`opening seccomp profile (${profile}) failed: open ${profile}: ${reason}`, {
      cause: error,
    });
  }
}

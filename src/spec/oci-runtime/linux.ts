import type { LinuxResources } from "./resources.ts";
import type { IdMapping } from "./runtime-spec.ts";
import type { SeccompFilter } from "./seccomp.ts";

/**
 * The part of the configuration that only Linux has.
 * Source: OCI runtime-spec v1.1, config-linux.md.
 */
export interface LinuxSpec {
  namespaces?: LinuxNamespace[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  timeOffsets?: Record<string, { secs?: number; nanosecs?: number }>;
  devices?: LinuxDevice[];
  /** Below the cgroup hierarchy's root where it begins with a slash. */
  cgroupsPath?: string;
  resources?: LinuxResources;
  intelRdt?: {
    closID?: string;
    l3CacheSchema?: string;
    memBwSchema?: string;
    enableCMT?: boolean;
    enableMBM?: boolean;
  };
  sysctl?: Record<string, string>;
  seccomp?: SeccompFilter;
  rootfsPropagation?: "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" | "unbindable";
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
  personality?: { domain: "LINUX" | "LINUX32"; flags?: string[] };
}

export type NamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

/** A new namespace, or with `path` one that exists. */
export interface LinuxNamespace {
  type: NamespaceType;
  path?: string;
}

export interface LinuxDevice {
  /** c: character, u: unbuffered character, b: block, p: FIFO. */
  type: "c" | "b" | "u" | "p";
  path: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

import type { ContainerConfig, HostConfig, MountPropagation, Ulimit } from "../../../spec/engine-api/mod.ts";
import type { IdMapping, LinuxDevice, RuntimeUser } from "../../../spec/oci-runtime/mod.ts";

/** A mount whose source is known: a bind of a host path, or a file system in memory. */
export interface ResolvedMount {
  readonly type: "bind" | "tmpfs";
  /** Host path of a bind. */
  readonly source?: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /**
   * Whether read-only holds for the mounts below as well: where the kernel can do it, or in any case. Left out for the
   * uppermost mount alone.
   */
  readonly recursiveReadOnly?: "possible" | "required";
  readonly propagation?: MountPropagation | "";
  readonly nonRecursive?: boolean;
  /** All options of a tmpfs, as mount(8) has them: `size=64m`. */
  readonly options?: readonly string[];
}

/** Which namespaces are not the container's own. A path is that of a namespace to join. */
export interface NamespaceChoice {
  /** `none`: a new one that nobody configures. */
  readonly network: "host" | "none" | { readonly path: string };
  readonly pid: "private" | "host" | { readonly path: string };
  readonly ipc: "private" | "host" | { readonly path: string };
  readonly uts: "private" | "host";
  readonly cgroup: "private" | "host";
  /** Maps of a user namespace; undefined for the host's. */
  readonly user?: { readonly uidMappings: readonly IdMapping[]; readonly gidMappings: readonly IdMapping[] };
}

/** What the builder has to know of the machine and of the engine's own rights. */
export interface HostFacts {
  readonly cgroups: "v1" | "hybrid" | "v2";
  /** Whether swap can be limited (v1: memory.memsw files; v2: always with swap accounting). */
  readonly swapLimit: boolean;
  readonly kernel: { readonly major: number; readonly minor: number };
  /** Go's name of the architecture. */
  readonly architecture: string;
  /** Capabilities the engine can hand on, with `CAP_`. */
  readonly capabilities: ReadonlySet<string>;
  /** The engine's own hard limits by name (`nofile`); missing or Infinity for none. */
  readonly hardLimits: Readonly<Record<string, number>>;
  readonly apparmor: boolean;
  readonly throttledCpus: readonly number[];
}

/** What holds for every container that does not say otherwise. */
export interface SpecDefaults {
  /** By name; those of `hostConfig.Ulimits` win. */
  readonly ulimits: readonly Ulimit[];
  readonly noNewPrivileges: boolean;
  /** `builtin`, `unconfined`, or a profile's JSON. */
  readonly seccomp: string;
}

/** All that a container's OCI document is made from. */
export interface RuntimeSpecInput {
  /** Program and arguments. */
  readonly args: readonly string[];
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Mounted root file system. */
  readonly rootfs: string;
  /** Host name, empty for the host's. */
  readonly hostname: string;
  readonly user: RuntimeUser;
  readonly mounts: readonly ResolvedMount[];
  /** Generated files on the host; one that is missing is not mounted. */
  readonly files: { readonly hosts?: string; readonly hostname?: string; readonly resolvConf?: string };
  /** Directory to show as /dev/shm, for memory that containers share; undefined for the container's own. */
  readonly shmPath?: string;
  readonly namespaces: NamespaceChoice;
  /** Absolute path below the hierarchies' roots. */
  readonly cgroupPath: string;
  /** Program that is to be process 1 and reaps; undefined for none. */
  readonly initPath?: string;
  readonly defaults?: SpecDefaults;
  readonly host: HostFacts;
  /** The device at a host path, or all of a directory. Errors: notFound where there is none, saying only why. */
  readonly devicesAt: (path: string) => readonly LinuxDevice[];
}

import type { RuntimeMount } from "../../../spec/oci-runtime/mod.ts";
import type { HostFacts, ResolvedMount, RuntimeSpecInput } from "./input.ts";

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;
const INIT_PATH = "/sbin/docker-init";
const SAFE = ["nosuid", "noexec", "nodev"];

/** What every container has. Source: OCI runtime-spec v1.1, config-linux.md, "Default Filesystems"; docker's options. */
function defaultMounts(input: RuntimeSpecInput, writableCgroups: boolean): RuntimeMount[] {
  const { hostConfig } = input;
  const sysAccess = hostConfig.Privileged ? "rw" : "ro";
  const cgroupAccess = hostConfig.Privileged || writableCgroups ? "rw" : "ro";
  const mounts: RuntimeMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: SAFE },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...SAFE, sysAccess] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [cgroupAccess, ...SAFE] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: SAFE },
  ];
  return [...mounts, ...sharedMemory(input)];
}

function sharedMemory(input: RuntimeSpecInput): RuntimeMount[] {
  if (input.shmPath !== undefined) return [bind(input.shmPath, "/dev/shm", false)];
  if (input.namespaces.ipc === "host") return [bind("/dev/shm", "/dev/shm", false)];
  if (input.hostConfig.IpcMode === "none") return [];
  const sizeBytes = input.hostConfig.ShmSize || DEFAULT_SHM_BYTES;
  const options = [...SAFE, "mode=1777", `size=${sizeBytes}`];
  return [{ destination: "/dev/shm", type: "tmpfs", source: "shm", options }];
}

function bind(source: string, destination: string, readOnly: boolean): RuntimeMount {
  const options = readOnly ? ["rbind", "rprivate", "ro"] : ["rbind", "rprivate"];
  return { destination, type: "bind", source, options };
}

/** The kernel makes mounts below a mount read-only in one step since 5.12. Source: mount_setattr(2). */
function canBeReadOnlyBelow({ kernel }: HostFacts): boolean {
  return kernel.major > 5 || (kernel.major === 5 && kernel.minor >= 12);
}

function readOnlyOption({ recursiveReadOnly }: ResolvedMount, host: HostFacts): "ro" | "rro" {
  const recursive =
    recursiveReadOnly === "required" || (recursiveReadOnly === "possible" && canBeReadOnlyBelow(host));
  return recursive ? "rro" : "ro";
}

function fromResolved(mount: ResolvedMount, host: HostFacts): RuntimeMount {
  const { type, destination } = mount;
  const options = type === "tmpfs" ? [...(mount.options ?? [])] : bindOptions(mount);
  if (mount.readOnly) options.push(readOnlyOption(mount, host));
  return { destination, type, source: type === "tmpfs" ? "tmpfs" : mount.source!, options };
}

/** A bind of one mount has nothing below it; told to be recursive in its propagation, crun binds recursively as well. */
function bindOptions({ nonRecursive, propagation = "" }: ResolvedMount): string[] {
  const wanted = propagation || "rprivate";
  return nonRecursive ? ["bind", wanted.replace(/^r/, "")] : ["rbind", wanted];
}

function generatedFiles(input: RuntimeSpecInput): RuntimeMount[] {
  const { files, hostConfig } = input;
  const readOnly = hostConfig.ReadonlyRootfs ?? false;
  const pairs: Array<[string | undefined, string]> = [
    [files.resolvConf, "/etc/resolv.conf"],
    [files.hostname, "/etc/hostname"],
    [files.hosts, "/etc/hosts"],
  ];
  return pairs.flatMap(([source, destination]) =>
    source === undefined ? [] : [bind(source, destination, readOnly)],
  );
}

function depth(path: string): number {
  return path.split("/").filter((part) => part !== "").length;
}

/** Whether `path` is `directory` or below it. */
function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

/** All mounts of a container in the order in which they are made: the user's over the engine's, parents first. */
export function buildMounts(input: RuntimeSpecInput, writableCgroups: boolean): RuntimeMount[] {
  const wanted = input.mounts.map((mount) => fromResolved(mount, input.host));
  // A mount over /dev brings what is below it along; anywhere else only the same place is taken.
  const isReplaced = (destination: string) =>
    wanted.some((mount) =>
      mount.destination === "/dev" ? isWithin(destination, "/dev") : mount.destination === destination,
    );
  const defaults = defaultMounts(input, writableCgroups).filter((mount) => !isReplaced(mount.destination));
  const files = generatedFiles(input).filter((mount) => !isReplaced(mount.destination));
  const later = [...wanted, ...files].sort((a, b) => depth(a.destination) - depth(b.destination));
  if (input.initPath !== undefined) later.push(bind(input.initPath, INIT_PATH, true));
  return [...defaults, ...later];
}

/** The arguments of a container whose first process is an init. */
export function withInit(args: readonly string[]): string[] {
  return [INIT_PATH, "--", ...args];
}

/**
 * How mounts travel between the container's root and the host: as the most open of its mounts needs it. What is mounted on the
 * root keeps its own way: crun makes all of it private where nothing is said of the root. Source: moby, daemon/oci_linux.go.
 */
export function rootPropagation(mounts: readonly ResolvedMount[]): "shared" | "rslave" | undefined {
  const used = mounts.flatMap(({ propagation, options }) => [propagation ?? "", ...(options ?? [])]);
  if (used.some((option) => option === "shared" || option === "rshared")) return "shared";
  if (used.some((option) => option === "slave" || option === "rslave")) return "rslave";
  return undefined;
}

import { statfs } from "node:fs/promises";
import { type EngineError, internal } from "../../../base/errors.ts";
import type { ContainerMount } from "../../../core/containers/container-mount.ts";

/** Files below /proc that may be replaced: those that lxcfs makes, which tell a container its own limits. */
const REPLACEABLE: ReadonlySet<string> = new Set([
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/uptime",
  "/proc/loadavg",
  "/proc/slabinfo",
  "/proc/net/dev",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/crypto/fips_enabled",
]);
/** Source: statfs(2), PROC_SUPER_MAGIC. */
const PROC_FS = 0x9fa0;

/**
 * Nothing hides what a container's /proc says: an image could name a volume there, and security settings that are written to
 * /proc would go nowhere. runc refuses it by itself, crun (1.8) does not.
 * Errors: internal with runc's texts.
 */
export async function refuseProcMounts(mounts: readonly ContainerMount[]): Promise<void> {
  for (const mount of mounts) {
    const { destination } = mount;
    if (destination === "/proc") {
      if (!(await showsProc(mount))) throw notMounted(mount, "it is not of type proc");
    } else if (destination.startsWith("/proc/") && !REPLACEABLE.has(destination)) {
      throw notMounted(mount, "it is inside /proc");
    }
  }
}

async function showsProc(mount: ContainerMount): Promise<boolean> {
  if (mount.type !== "bind") return false;
  try {
    return (await statfs(mount.source)).type === PROC_FS;
  } catch {
    // What is missing is no /proc, and would be made as an empty directory.
    return false;
  }
}

function notMounted(mount: ContainerMount, why: string): EngineError {
  const { destination } = mount;
  return internal(
    `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting ${JSON.stringify(sourceOf(mount))} to rootfs at ${JSON.stringify(destination)}: ${JSON.stringify(destination)} cannot be mounted because ${why}: unknown`,
  );
}

function sourceOf(mount: ContainerMount): string {
  switch (mount.type) {
    case "bind":
      return mount.source;
    case "volume":
      return mount.name;
    case "image":
      return mount.reference;
    case "tmpfs":
      return "tmpfs";
  }
}

import type { SnapshotChange } from "../../core/snapshots/snapshotter.ts";

/**
 * What the runtime makes in every root file system that lacks it, to have something to mount on. What a program writes
 * there lands in the mount, so none of it is ever a change of the container's. Docker keeps these in a layer of their own.
 */
const ENGINE_MOUNT_POINTS = [
  "/etc/hostname",
  "/etc/hosts",
  "/etc/resolv.conf",
  "/dev/console",
  "/dev/mqueue",
  "/dev/pts",
  "/dev/shm",
  "/proc",
  "/sys",
];
const PARENTS = ["/etc", "/dev"];

/** The changes that a container's own programs and users made. */
export function withoutMountPoints(changes: readonly SnapshotChange[]): SnapshotChange[] {
  const own = changes.filter(({ path, kind }) => kind !== "added" || !ENGINE_MOUNT_POINTS.includes(path));
  if (own.length === changes.length) return own;
  // A directory that only changed for what was made in it.
  return own.filter(
    ({ path, kind, hasOtherOwnerOrMode }) =>
      kind === "deleted" ||
      hasOtherOwnerOrMode ||
      !PARENTS.includes(path) ||
      own.some((other) => other.path.startsWith(`${path}/`)),
  );
}

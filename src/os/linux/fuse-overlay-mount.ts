import type { OverlayMount } from "./overlay-mount.ts";
import { run } from "./spawn.ts";

/** The program, looked up in `PATH`. */
export const FUSE_OVERLAYFS = "fuse-overlayfs";
const MOUNT_TIMEOUT_MS = 30_000;

/**
 * As `mountOverlay`, made by fuse-overlayfs. The process that serves the mount is in a session of its own, belongs to
 * nobody here, and ends when the mount is gone and unused; it outlives this process. Read-only without an upper directory.
 * Errors: what the program says; SyscallError where it cannot be started.
 * Source: fuse-overlayfs(1).
 */
export async function mountFuseOverlay(
  request: Pick<OverlayMount, "target" | "lower" | "upper" | "work">,
): Promise<void> {
  const { target, lower, upper, work } = request;
  const options = [`lowerdir=${lower.map(escaped).join(":")}`];
  if (upper !== undefined && work !== undefined) {
    options.push(`upperdir=${escaped(upper)}`, `workdir=${escaped(work)}`);
  }
  // The program goes into the background and this one ends once the mount is there.
  const { code, signal, stderr } = await run({
    command: FUSE_OVERLAYFS,
    args: ["-o", options.join(","), target],
    newSession: true,
    timeoutMs: MOUNT_TIMEOUT_MS,
  });
  if (code === 0) return;
  const reason = stderr.toString().trim() || `it ended with ${signal ?? code}`;
  throw new Error(`${FUSE_OVERLAYFS} cannot mount ${target}: ${reason}`);
}

/** Paths in a list of paths in a list of options. */
function escaped(path: string): string {
  return path.replace(/[\\:,]/g, (character) => `\\${character}`);
}

import { lstatSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, unavailable } from "../../base/errors.ts";
import { unmount } from "../../os/linux/mount.ts";
import { mountOverlay } from "../../os/linux/overlay-mount.ts";
import { statFilesystem } from "../../os/linux/statfs.ts";
import { OVERLAY_OPTIONS } from "../layers/mod.ts";

/** What overlayfs can do on a file system. */
export interface OverlaySupport {
  readonly backingFilesystem: string;
  /** Directory entries tell their type: without it whiteouts show as files. */
  readonly supportsDType: boolean;
}

/**
 * Mounts an overlay below `root` (made where it is missing) and removes a file in it, to see that it works.
 * Errors: unavailable with the kernel's reason.
 */
export async function probeOverlay(root: string): Promise<OverlaySupport> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(root, "probe-"));
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(folder, name));
  try {
    for (const directory of [lower!, upper!, work!, merged!]) await mkdir(directory);
    await writeFile(join(lower!, "removed"), "");
    await mountOverlay({
      target: merged!,
      lower: [lower!],
      upper: upper!,
      work: work!,
      options: OVERLAY_OPTIONS,
    });
    try {
      await unlink(join(merged!, "removed"));
    } finally {
      await unmount(merged!, { detach: true });
    }
    if (!lstatSync(join(upper!, "removed")).isCharacterDevice()) throw new Error("no whiteout was made");
    return {
      backingFilesystem: statFilesystem(root).type,
      supportsDType: readdirSync(upper!, { withFileTypes: true }).every((entry) => entry.isCharacterDevice()),
    };
  } catch (error) {
    throw unavailable(`overlay2 is not supported over ${root}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { lstatSync, readdirSync } from "node:fs";
import { mkdir, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, unavailable } from "../../base/errors.ts";
import { mountOverlay } from "../../os/linux/overlay-mount.ts";
import { statFilesystem } from "../../os/linux/statfs.ts";
import { OVERLAY_OPTIONS, unmountSnapshot } from "../layers/mod.ts";

/** What overlayfs can do on a file system. */
export interface OverlaySupport {
  readonly backingFilesystem: string;
  /** Directory entries tell their type: without it whiteouts show as files. */
  readonly supportsDType: boolean;
}

/**
 * Mounts an overlay below `root` (made where it is missing) and removes a file in it, to see that it works.
 * Errors: unavailable with the kernel's reason. Crash: the next probe of `root` removes what is left of this one.
 */
export async function probeOverlay(root: string): Promise<OverlaySupport> {
  const folder = join(root, "probe");
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(folder, name));
  await removeProbe(folder, merged!);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const directory of [lower!, upper!, work!, merged!]) await mkdir(directory);
    await writeFile(join(lower!, "removed"), "");
    await mountOverlay({
      target: merged!,
      lower: [lower!],
      upper: upper!,
      work: work!,
      options: OVERLAY_OPTIONS,
    });
    await unlink(join(merged!, "removed"));
    if (!lstatSync(join(upper!, "removed")).isCharacterDevice()) throw new Error("no whiteout was made");
    return {
      backingFilesystem: statFilesystem(root).type,
      supportsDType: readdirSync(upper!, { withFileTypes: true }).every((entry) => entry.isCharacterDevice()),
    };
  } catch (error) {
    throw unavailable(`overlay2 is not supported over ${root}: ${messageOf(error)}`, { cause: error });
  } finally {
    await removeProbe(folder, merged!);
  }
}

async function removeProbe(folder: string, mountPoint: string): Promise<void> {
  await unmountSnapshot(mountPoint);
  await rm(folder, { recursive: true, force: true });
}

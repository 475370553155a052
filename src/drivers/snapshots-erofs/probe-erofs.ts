import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, unavailable } from "../../base/errors.ts";
import { isKernelAtLeast, readKernelInfo } from "../../os/linux/kernel-info.ts";
import { mountOverlay } from "../../os/linux/overlay-mount.ts";
import { type LayerWorkers, OVERLAY_OPTIONS, unmountSnapshot } from "../layers/mod.ts";
import { mountImage } from "./layer-mounts.ts";

/**
 * Makes an image below `root` (made where it is missing), mounts it and an overlay on it, and looks through both.
 * Errors: unavailable with the reason. Crash: the next probe of `root` removes what is left of this one.
 */
export async function probeErofs(root: string, workers: LayerWorkers): Promise<void> {
  const refuse = (reason: string, cause?: unknown) =>
    unavailable(`erofs is not supported over ${root}: ${reason}`, { cause });
  if (!isKernelAtLeast(6, 12)) {
    throw refuse(
      `images are mounted from their files, which Linux can from 6.12 on; this is ${readKernelInfo().release}`,
    );
  }
  const folder = join(root, "probe");
  const [files, layer, upper, work, merged] = ["files", "layer", "upper", "work", "merged"].map((name) =>
    join(folder, name),
  );
  const unmountAll = async () => {
    for (const point of [merged!, layer!]) await unmountSnapshot(point);
    await rm(folder, { recursive: true, force: true });
  };
  await unmountAll();
  try {
    await mkdir(join(files!, "seen"), { recursive: true, mode: 0o700 });
    for (const directory of [upper!, work!, merged!]) await mkdir(directory);
    const imageFile = join(folder, "layer.erofs");
    await workers.run("makeImage", { upper: files!, target: { imageFile, parents: [] } });
    await mountImage(imageFile, layer!);
    await mountOverlay({
      target: merged!,
      lower: [layer!],
      upper: upper!,
      work: work!,
      options: OVERLAY_OPTIONS,
    });
    if (!(await readdir(merged!)).includes("seen")) throw new Error("a mounted image shows no files");
  } catch (error) {
    throw refuse(messageOf(error), error);
  } finally {
    await unmountAll();
  }
}

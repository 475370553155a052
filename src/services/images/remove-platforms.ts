import type { Digest } from "../../base/digest.ts";
import type { ImageDeleteItem } from "../../spec/engine-api/mod.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import { platformsNeedForce, usedByRunning, usedByStopped } from "./errors.ts";
import { sweepGarbage } from "./garbage.ts";
import type { ImageParts } from "./parts.ts";
import { forgetImage } from "./remove.ts";
import { type ResolvedImage, resolveImage } from "./resolve.ts";
import { primaryVariant } from "./variants.ts";

/**
 * Removes some platforms of an image, in every index that holds them; names stay as long as a platform is left.
 * Errors: notFound where a platform is not there; conflict where a container uses it; invalidArgument without `force`.
 */
export async function removePlatforms(
  parts: ImageParts,
  name: string,
  platforms: readonly Platform[],
  force: boolean,
): Promise<ImageDeleteItem[]> {
  if (!force) throw platformsNeedForce();
  const found = platforms.map((platform) => resolveImage(parts, name, platform));
  for (const { image } of found) refuseUsed(parts, image.id);
  const items: ImageDeleteItem[] = [];
  for (const variant of found) removeVariant(parts, variant, items);
  await sweepGarbage(parts);
  return items;
}

function refuseUsed(parts: ImageParts, id: Digest): void {
  const users = parts.users.list().filter(({ imageId }) => imageId === id);
  const user = users.find(({ running }) => running) ?? users[0];
  if (user) throw (user.running ? usedByRunning : usedByStopped)(id, user.containerId);
}

function removeVariant(
  parts: ImageParts,
  { image, manifest }: ResolvedImage,
  items: ImageDeleteItem[],
): void {
  const { images } = parts;
  if (!images.get(image.id)) return; // Named twice.
  for (const target of images.targetsOf(image.id)) {
    images.removeVariant(target, image.id);
    const heir = primaryVariant(parts, target)?.image.id;
    if (heir !== undefined) images.moveTarget(target, heir);
  }
  items.push({ Deleted: manifest });
  forgetImage(parts, image, items);
}

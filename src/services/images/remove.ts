import type { Digest } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageDeleteItem } from "../../spec/engine-api/mod.ts";
import {
  familiarString,
  fullName,
  fullString,
  type NamedReference,
  tagNameOnly,
  trimNamed,
  withTag,
} from "../../spec/reference/reference.ts";
import { hasChildren, inSeveralRepositories, nameInUse, usedByRunning, usedByStopped } from "./errors.ts";
import { sweepGarbage } from "./garbage.ts";
import { publishImageEvent } from "./image-events.ts";
import { namesOfImage } from "./names.ts";
import type { ImageParts, ImageUser } from "./parts.ts";
import { resolveImage } from "./resolve.ts";
import { groupOf, hostsOf } from "./variants.ts";

export interface RemoveOptions {
  readonly force: boolean;
  /** Also removes parents that nothing names or uses. */
  readonly pruneParents: boolean;
}

/**
 * Takes a name from an image, and removes the image with its last name; by id it removes the image with all its names.
 * Platforms of an index go together, unless some are named.
 * Space is given back before this resolves.
 * Errors: notFound; conflict with docker's texts (in use, has children, several repositories).
 * Crash: names go before the record, the record before its content; the next sweep removes what is left.
 */
export async function removeImage(
  parts: ImageParts,
  name: string,
  options: RemoveOptions,
): Promise<ImageDeleteItem[]> {
  const { image, reference } = resolveImage(parts, name);
  const targets = parts.images.targetsOf(image.id);
  const items: ImageDeleteItem[] = [];
  const last = reference
    ? untagByName(parts, image, reference, name, options.force, items)
    : untagById(parts, image, options.force, items);
  if (last) deleteImage(parts, image, { ...options, afterUntag: reference !== undefined }, items);
  releaseVariants(parts, targets, items);
  if (!items.some(({ Deleted }) => Deleted !== undefined)) return items;
  const { snapshots } = await sweepGarbage(parts);
  for (const key of snapshots) items.push({ Deleted: key });
  return items;
}

function allNames(parts: ImageParts, image: ImageRecord): NamedReference[] {
  const { tags, digests } = namesOfImage(parts, image.id);
  return [...tags, ...digests];
}

/** Whether everything that names the image is one tag at the most, and of one repository. */
function hasSingleName(names: readonly NamedReference[]): boolean {
  if (names.length <= 1) return true;
  const tagged = names.filter((name) => name.tag !== undefined);
  return tagged.length <= 1 && names.every((name) => fullName(name) === fullName(names[0]!));
}

/** Whether the image goes too. */
function untagByName(
  parts: ImageParts,
  image: ImageRecord,
  given: NamedReference,
  text: string,
  force: boolean,
  items: ImageDeleteItem[],
): boolean {
  const user = usersOf(parts, image)[0];
  if (!force && user && hasSingleName(allNames(parts, image)))
    throw nameInUse(text, user.containerId, image.id);
  const named = tagNameOnly(given);
  const name = named.digest === undefined || named.tag === undefined ? named : withTag(named, named.tag);
  untagSome(parts, image, [name], items);
  return allNames(parts, image).length === 0;
}

/** Takes names from an image that has others, or stays without. */
export function untagSome(
  parts: ImageParts,
  image: ImageRecord,
  names: readonly NamedReference[],
  items: ImageDeleteItem[],
): void {
  for (const name of names) {
    untag(parts, image, name, items);
    if (name.digest !== undefined) continue;
    const rest = allNames(parts, image).filter((other) => fullName(other) === fullName(name));
    // Digests of a repository whose last tag is gone would keep an image that nobody can name.
    if (rest.every((other) => other.tag === undefined))
      for (const other of rest) untag(parts, image, other, items);
  }
}

function untagById(parts: ImageParts, image: ImageRecord, force: boolean, items: ImageDeleteItem[]): true {
  const names = allNames(parts, image);
  if (hasSingleName(names)) {
    refuseInUse(parts, image, { force, names: [] });
    for (const name of names) untag(parts, image, name, items);
  }
  return true;
}

function untag(parts: ImageParts, image: ImageRecord, name: NamedReference, items: ImageDeleteItem[]): void {
  const { digest } = name;
  if (digest !== undefined) {
    parts.images.removeRepoDigest(image.id, { repository: fullName(name), digest });
    parts.images.removeName(fullString({ ...trimNamed(name), digest }));
  } else parts.images.removeName(fullString(name));
  items.push({ Untagged: familiarString(name) });
  publishImageEvent(parts, "untag", image.id, image.id, image);
}

/** Containers of the image and of its other platforms, among `users`. */
export function usersOf(parts: ImageParts, image: ImageRecord, users = parts.users.list()): ImageUser[] {
  const ids = new Set(groupOf(parts, image.id).map(({ id }) => id));
  return users.filter(({ imageId }) => ids.has(imageId));
}

/** Errors: conflict where the image may not go. */
function refuseInUse(
  parts: ImageParts,
  image: ImageRecord,
  { force, names }: { readonly force: boolean; readonly names: readonly NamedReference[] },
): void {
  if (parts.images.children(image.id).length > 0) throw hasChildren(image.id);
  const users = usersOf(parts, image);
  const running = users.find((user) => user.running);
  if (running) throw usedByRunning(image.id, running.containerId);
  if (force) return;
  if (names.length > 0) throw inSeveralRepositories(image.id);
  if (users[0]) throw usedByStopped(image.id, users[0].containerId);
}

function deleteImage(
  parts: ImageParts,
  image: ImageRecord,
  options: { readonly force: boolean; readonly pruneParents: boolean; readonly afterUntag: boolean },
  items: ImageDeleteItem[],
): void {
  const names = allNames(parts, image);
  try {
    refuseInUse(parts, image, { force: options.force, names });
  } catch (error) {
    // The name was what the user wanted gone: an image that is still needed stays, without one.
    if (options.afterUntag) return;
    throw error;
  }
  forgetImage(parts, image, items);
  const parent =
    options.pruneParents && image.parent !== undefined ? parts.images.get(image.parent) : undefined;
  if (!parent || allNames(parts, parent).length > 0) return;
  // Nobody asked for the parent by name: where it is needed it simply stays.
  deleteImage(parts, parent, { force: false, pruneParents: true, afterUntag: true }, items);
}

/**
 * Takes all names and the record of an image away. The caller has made sure that nothing needs it; its other platforms
 * are left to `releaseVariants` and its space to a sweep.
 */
export function forgetImage(parts: ImageParts, image: ImageRecord, items: ImageDeleteItem[]): void {
  for (const name of allNames(parts, image)) untag(parts, image, name, items);
  parts.images.remove(image.id);
  items.push({ Deleted: image.id });
  publishImageEvent(parts, "delete", image.id, image.id, image);
}

/** Lets go of indexes that nothing names any more, and of images that were only there as platforms of them. */
export function releaseVariants(
  parts: ImageParts,
  targets: readonly Digest[],
  items: ImageDeleteItem[],
): void {
  const { images } = parts;
  for (const target of targets.filter((each) => !images.isNamed(each))) {
    for (const { imageId, manifest } of images.variantsOf(target)) {
      if (manifest === target) continue;
      images.removeVariant(target, imageId);
      const image = images.get(imageId);
      if (image && isAlone(parts, image)) forgetImage(parts, image, items);
    }
  }
}

/** Whether nothing names, holds or uses an image. */
function isAlone(parts: ImageParts, image: ImageRecord): boolean {
  return (
    allNames(parts, image).length === 0 &&
    parts.images.children(image.id).length === 0 &&
    hostsOf(parts, image.id).length === 0 &&
    usersOf(parts, image).length === 0
  );
}

import {
  conflict,
  type EngineError,
  internal,
  invalidArgument,
  isKind,
  notFound,
} from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { formatPlatform, type Platform } from "../../spec/oci-image/platform.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchImage = (name: string): EngineError => notFound(`No such image: ${name}`);

export const ambiguousImage = (): EngineError => invalidArgument("ambiguous reference");

export const wrongPlatform = (name: string, wanted: Platform): EngineError =>
  notFound(
    `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(wanted)})`,
  );

const cannotDelete = (
  imageId: string,
  how: "cannot be forced" | "must be forced",
  why: string,
): EngineError => conflict(`conflict: unable to delete ${shortId(imageId)} (${how}) - ${why}`);

export const hasChildren = (imageId: string): EngineError =>
  cannotDelete(imageId, "cannot be forced", "image has dependent child images");

export const usedByRunning = (imageId: string, containerId: string): EngineError =>
  cannotDelete(
    imageId,
    "cannot be forced",
    `image is being used by running container ${shortId(containerId)}`,
  );

export const usedByStopped = (imageId: string, containerId: string): EngineError =>
  cannotDelete(imageId, "must be forced", `image is being used by stopped container ${shortId(containerId)}`);

export const inSeveralRepositories = (imageId: string): EngineError =>
  cannotDelete(imageId, "must be forced", "image is referenced in multiple repositories");

export const platformsNeedForce = (): EngineError =>
  invalidArgument(
    "Content will be removed from all images referencing this variant. Use —-force to force delete.",
  );

export const nameInUse = (name: string, containerId: string, imageId: string): EngineError =>
  conflict(
    `conflict: unable to remove repository reference "${name}" (must force) - container ${shortId(containerId)} is using its referenced image ${shortId(imageId)}`,
  );

export const tagWithDigest = (): EngineError =>
  invalidArgument("refusing to create a tag with a digest reference");

export const tagNamedAsAlgorithm = (): EngineError =>
  invalidArgument("refusing to create an ambiguous tag using digest algorithm as name");

export const nothingToPush = (name: string): EngineError =>
  notFound(`An image does not exist locally with the tag: ${name}`);

export const wrongDiffId = (layer: string): EngineError =>
  invalidArgument(`wrong diff id calculated on extraction "${layer}"`);

export const layerCountMismatch = (): EngineError =>
  invalidArgument("layer count mismatch between manifest and image config");

export const noLayers = (): EngineError =>
  invalidArgument("image has no root file system: its layers are of no known kind");

/**
 * A registry's refusal as pull and push answer it. Docker answers it with a server error: clients take the status for
 * "unauthorized" as their cue to ask for a password on a terminal.
 */
export function asTransferError(error: unknown): unknown {
  if (!isKind(error, "unauthenticated")) return error;
  return internal(error.message, { cause: error });
}

import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { packTree } from "../../drivers/layers/mod.ts";
import type { ImageConfig } from "../../spec/engine-api/mod.ts";
import { parseNormalized, tagNameOnly } from "../../spec/reference/reference.ts";
import { addLayer, createImage } from "./new-image.ts";
import type { ImageParts } from "./parts.ts";
import { setTag } from "./tag.ts";

export interface TreeImage {
  /** Root file system: a directory of this machine, or a tar, packed or not. */
  readonly source: { readonly directory: string } | { readonly tar: AsyncIterable<Uint8Array> };
  /** Name to give the image; `latest` where it has no tag. */
  readonly name: string;
  readonly config: ImageConfig;
  /** What history shows as the step that made it. */
  readonly createdBy: string;
  /** RFC 3339; now where it is left out. */
  readonly created?: string;
}

/** Makes an image of one layer from a tree, for this engine's platform, and names it. Errors: invalidArgument. */
export async function createImageFromTree(parts: ImageParts, image: TreeImage): Promise<ImageRecord> {
  const name = tagNameOnly(parseNormalized(image.name));
  const created = image.created ?? formatRfc3339Nano(nowNs());
  await using lease = parts.leases.create(`create ${image.name}`);
  const tar =
    "tar" in image.source
      ? image.source.tar
      : packTree(parts.workers, { kind: "tree", directory: image.source.directory });
  const layer = await addLayer(parts, lease, tar, undefined);
  const record = await createImage(parts, lease, {
    config: {
      created,
      architecture: parts.platform.architecture,
      ...(parts.platform.variant && { variant: parts.platform.variant }),
      os: parts.platform.os,
      config: image.config,
      rootfs: { type: "layers", diff_ids: [layer.diffId] },
      history: [{ created, created_by: image.createdBy }],
    },
    layers: [layer.descriptor],
    origin: "import",
  });
  setTag(parts, record, name);
  return record;
}

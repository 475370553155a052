import { formatRfc3339Nano } from "../../base/time.ts";
import type { ImageInspectResponse, OCIPlatform } from "../../spec/engine-api/mod.ts";
import { normalizePlatform, parsePlatform } from "../../spec/oci-image/platform.ts";
import { familiarString, fullString, tagNameOnly } from "../../spec/reference/reference.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { readConfig, readTarget } from "./image-documents.ts";
import { describeManifests } from "./manifest-summaries.ts";
import { firstTarget, namesOfImage } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";

/** What is known of one image. Errors: notFound, invalidArgument. */
export async function inspectImage(
  parts: ImageParts,
  name: string,
  options: { readonly manifests: boolean; readonly platform: OCIPlatform | undefined },
): Promise<ImageInspectResponse> {
  const wanted = options.platform && normalizePlatform(options.platform);
  const { image, reference } = resolveImage(parts.images, name, wanted);
  const config = await readConfig(parts, image.id);
  const platform = parsePlatform(image.platform);
  const names = namesOfImage(parts, image.id);
  const named = reference && parts.images.resolveName(fullString(tagNameOnly(reference)))?.target;
  const target = await readTarget(parts, image, named ?? firstTarget(parts, image));
  const layers = config.rootfs.diff_ids;
  return {
    Id: image.id,
    RepoTags: names.tags.map(familiarString),
    RepoDigests: names.digests.map(familiarString),
    Parent: image.parent ?? "",
    Comment: config.comment ?? config.history.at(-1)?.comment ?? "",
    ...(config.created && { Created: config.created }),
    DockerVersion: config.docker_version ?? "",
    Author: config.author ?? "",
    Config: config.config,
    Architecture: platform.architecture,
    ...(config.variant && { Variant: config.variant }),
    Os: platform.os,
    ...(config["os.version"] && { OsVersion: config["os.version"] }),
    Size: image.sizeBytes,
    GraphDriver: { Name: parts.snapshotter.name, Data: null },
    RootFS: { Type: "layers", ...(layers.length > 0 && { Layers: [...layers] }) },
    Metadata:
      image.lastTaggedAtMs === 0
        ? {}
        : { LastTagTime: formatRfc3339Nano(BigInt(image.lastTaggedAtMs) * 1_000_000n) },
    Descriptor: toApiDescriptor(target.descriptor),
    ...(options.manifests && { Manifests: await describeManifests(parts, image) }),
  };
}

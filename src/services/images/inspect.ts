import { dirname, join } from "node:path";
import { formatRfc3339Nano } from "../../base/time.ts";
import type { ImageInspectResponse, OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { normalizePlatform, parsePlatform } from "../../spec/oci-image/platform.ts";
import { familiarString } from "../../spec/reference/reference.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { identityOf } from "./identity.ts";
import { readConfig, readTarget } from "./image-documents.ts";
import { describeManifests } from "./manifest-summaries.ts";
import { shownNames } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";

/** What is known of one image. Errors: notFound, invalidArgument. */
export async function inspectImage(
  parts: ImageParts,
  name: string,
  options: { readonly manifests: boolean; readonly platform: OCIPlatform | undefined },
): Promise<ImageInspectResponse> {
  const wanted = options.platform && normalizePlatform(options.platform);
  const { image, manifest, target } = resolveImage(parts, name, wanted);
  const config = await readConfig(parts, image.id);
  const platform = parsePlatform(image.platform);
  const names = shownNames(parts, image.id);
  const { descriptor } = await readTarget(parts, wanted ? manifest : target);
  const described: Descriptor = wanted ? { ...descriptor, platform } : descriptor;
  const layers = config.rootfs.diff_ids;
  const identity = identityOf(parts, image.id);
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
    Architecture: config.architecture || platform.architecture,
    ...(config.variant && { Variant: config.variant }),
    Os: config.os || platform.os,
    ...(config["os.version"] && { OsVersion: config["os.version"] }),
    Size: image.sizeBytes + image.contentBytes,
    GraphDriver: { Name: parts.snapshotter.name, Data: await layerDirectories(parts, image.topLayer) },
    RootFS: { Type: "layers", ...(layers.length > 0 && { Layers: [...layers] }) },
    Metadata:
      image.lastTaggedAtMs === 0
        ? {}
        : { LastTagTime: formatRfc3339Nano(BigInt(image.lastTaggedAtMs) * 1_000_000n) },
    Descriptor: toApiDescriptor(described),
    ...(identity && { Identity: identity }),
    ...(options.manifests && { Manifests: await describeManifests(parts, target, { identity: false }) }),
  };
}

/** Where a storage driver of overlays has an image's layers, as docker names them. */
async function layerDirectories(parts: ImageParts, topLayer: string): Promise<Record<string, string> | null> {
  const directories = topLayer === "" ? undefined : await parts.snapshotter.directories(topLayer);
  if (!directories) return null;
  const { upper, lower, work } = directories;
  return {
    ...(lower.length > 0 && { LowerDir: lower.join(":") }),
    // As docker says it, whether or not something is mounted there.
    MergedDir: join(dirname(upper), "merged"),
    UpperDir: upper,
    WorkDir: work,
  };
}

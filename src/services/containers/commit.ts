import { chainIdsOf, type Digest } from "../../base/digest.ts";
import { isKind, notFound } from "../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { ContentStore } from "../../core/content/content-store.ts";
import type { ImageRecord, ImageStore } from "../../core/images/image-store.ts";
import type { Lease, LeaseStore } from "../../core/leases/lease-store.ts";
import { packTree, type TarSource } from "../../drivers/layers/mod.ts";
import type { ContainerConfig, ImageConfig } from "../../spec/engine-api/mod.ts";
import type { HistoryEntry, ImageConfigDocument } from "../../spec/oci-image/config.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { familiarString, parseNormalized, tagNameOnly, withTag } from "../../spec/reference/reference.ts";
import { applyConfigChanges, type ImageService, type NewLayer } from "../images/mod.ts";
import { mergeImageConfig } from "./create/merge-config.ts";
import { holdRootfs } from "./export.ts";
import { withoutMountPoints } from "./mount-points.ts";
import { type ContainerParts, currentRecord, publishContainerEvent } from "./parts.ts";
import { pauseContainer, unpauseContainer } from "./run/stop.ts";

/** What committing needs of images. */
export interface ImageCommitter {
  readonly service: Pick<ImageService, "readConfig" | "addLayer" | "createImage" | "nameImage">;
  readonly images: ImageStore;
  readonly content: ContentStore;
  readonly leases: LeaseStore;
}

export interface CommitOptions {
  /** Empty for an image without a name. */
  readonly repository: string;
  readonly tag: string;
  readonly comment: string;
  readonly author: string;
  /** Let the processes of a running container stand still meanwhile. */
  readonly pause: boolean;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
  /** Replaces the container's configuration where given. */
  readonly config: ContainerConfig | undefined;
}

/**
 * What a container changed is a layer of a new image on top of the container's. Layer, config and manifest are stored
 * before the record; a crash leaves what no record names, which is swept.
 * Errors: invalidArgument (name, changes), conflict (being removed), notFound (the container's image is gone).
 */
export async function commitContainer(
  parts: ContainerParts,
  id: string,
  options: CommitOptions,
): Promise<{ readonly id: Digest }> {
  const record = currentRecord(parts, id);
  const { repository, tag, comment } = options;
  const imageRef = repository === "" ? "" : nameOf(repository, tag);
  const config = committedConfig(record.config, options);
  const parent = parts.committer.images.get(record.imageId);
  if (!parent) throw notFound(`No such image: ${record.imageId}`);
  await using lease = parts.committer.leases.create(`commit ${id}`);
  const image = await storeImage(parts, lease, { record, parent, config, options });
  if (repository !== "") parts.committer.service.nameImage(image, { repository, tag });
  publishContainerEvent(parts, currentRecord(parts, id), "commit", { comment, imageID: image.id, imageRef });
  return { id: image.id };
}

function nameOf(repository: string, tag: string): string {
  const reference = parseNormalized(repository);
  return familiarString(tag === "" ? tagNameOnly(reference) : withTag(reference, tag));
}

interface CommitJob {
  readonly record: ContainerRecord;
  readonly parent: ImageRecord;
  readonly config: ImageConfig;
  readonly options: CommitOptions;
}

async function storeImage(
  parts: ContainerParts,
  lease: Lease,
  { record, parent, config, options }: CommitJob,
): Promise<ImageRecord> {
  const { service, content } = parts.committer;
  const below = await service.readConfig(parent.id);
  const manifest = parseManifest(await content.readAll(parent.manifest), parent.manifestMediaType);
  const layer = await storeChanges(parts, lease, record, below, options.pause);
  const document = committedDocument(below, config, layer, record, options);
  return await service.createImage(lease, {
    config: document,
    layers: layer ? [...manifest.layers, layer.descriptor] : manifest.layers,
    origin: "commit",
    parent: parent.id,
  });
}

/** The layer of what the container changed; undefined where it changed nothing. */
async function storeChanges(
  parts: ContainerParts,
  lease: Lease,
  record: ContainerRecord,
  below: ImageConfigDocument,
  pause: boolean,
): Promise<NewLayer | undefined> {
  const { id } = record;
  await using held = new AsyncDisposableStack();
  if (pause && (await pauseIfRunning(parts, id))) held.defer(() => unpauseAgain(parts, id));
  const { path } = held.use(await holdRootfs(parts, id, "commit"));
  const all = await parts.rootfs.changes(id);
  const changes = withoutMountPoints(all);
  if (changes.length === 0) return undefined;
  const upper = await parts.rootfs.upperDirectory(id);
  const source: TarSource = upper
    ? { kind: "overlayUpper", directory: upper, leaveOut: all.filter((each) => !changes.includes(each)) }
    : { kind: "changes", directory: path, changes };
  const parentChain = chainIdsOf(below.rootfs.diff_ids).at(-1);
  return await parts.committer.service.addLayer(lease, packTree(parts.workers, source), parentChain);
}

async function pauseIfRunning(parts: ContainerParts, id: string): Promise<boolean> {
  if (currentRecord(parts, id).state.status !== "running") return false;
  try {
    await pauseContainer(parts, id);
    return true;
  } catch (error) {
    // It ended or was paused in this moment: it stands still either way.
    if (isKind(error, "conflict") || isKind(error, "notFound")) return false;
    throw error;
  }
}

async function unpauseAgain(parts: ContainerParts, id: string): Promise<void> {
  try {
    await unpauseContainer(parts, id);
  } catch (error) {
    // It was killed, removed or unpaused by somebody else meanwhile.
    if (!isKind(error, "conflict") && !isKind(error, "notFound")) throw error;
  }
}

/** The image's config: the container's or the one given, changed as asked for. Errors: invalidArgument. */
export function committedConfig(
  container: ContainerConfig,
  { config, changes }: Pick<CommitOptions, "config" | "changes">,
): ImageConfig {
  const has = (instruction: RegExp) => changes.some((change) => instruction.test(change));
  const changed: ContainerConfig = {
    ...config,
    ...applyConfigChanges(imageConfigOf(config ?? container), changes),
  };
  // As in a Dockerfile: a new entry point does not go with the old command.
  if (has(/^\s*ENTRYPOINT\b/im) && !has(/^\s*CMD\b/im)) changed.Cmd = null;
  return imageConfigOf(config ? mergeImageConfig(changed, container) : changed);
}

const IMAGE_FIELDS = [
  "User",
  "ExposedPorts",
  "Env",
  "Entrypoint",
  "Cmd",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "Healthcheck",
  "OnBuild",
  "Shell",
  "ArgsEscaped",
] as const satisfies ReadonlyArray<keyof ImageConfig>;

/** The part of a container's config that images have, without what says nothing. */
function imageConfigOf(config: ContainerConfig): ImageConfig {
  const kept = IMAGE_FIELDS.map((field) => [field, config[field]] as const).filter(
    ([, value]) => value !== undefined && value !== null && value !== "" && value !== false,
  );
  return Object.fromEntries(kept);
}

function committedDocument(
  below: ImageConfigDocument,
  config: ImageConfig,
  layer: NewLayer | undefined,
  record: ContainerRecord,
  { author, comment }: CommitOptions,
): ImageConfigDocument {
  const created = formatRfc3339Nano(nowNs());
  const step: HistoryEntry = {
    created,
    created_by: (record.config.Cmd ?? []).join(" "),
    ...(author && { author }),
    ...(comment && { comment }),
    ...(layer ? {} : { empty_layer: true }),
  };
  const { author: _author, comment: _comment, parent: _parent, ...kept } = below;
  return {
    ...kept,
    created,
    ...(author && { author }),
    ...(comment && { comment }),
    config,
    rootfs: {
      type: "layers",
      diff_ids: layer ? [...below.rootfs.diff_ids, layer.diffId] : below.rootfs.diff_ids,
    },
    history: [...below.history, step],
  };
}

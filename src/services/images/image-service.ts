import { KeyedMutex, Semaphore } from "../../base/async.ts";
import type { Digest } from "../../base/digest.ts";
import type { Filters } from "../../base/filters.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type {
  AttestationStatement,
  DistributionInspect,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspectResponse,
  ImageSearchItem,
  ImageSummary,
  ImagesPruneResponse,
  OCIDescriptor,
  OCIPlatform,
  ProgressMessage,
  UsageSummary,
} from "../../spec/engine-api/mod.ts";
import { normalizePlatform, type Platform, parsePlatform } from "../../spec/oci-image/platform.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { type AttestationQuery, imageAttestations } from "./attestations.ts";
import { createImageFromTree, type TreeImage } from "./create-from-tree.ts";
import { imageDiskUsage } from "./disk-usage.ts";
import { inspectDistribution } from "./distribution.ts";
import { type Swept, sweepGarbage } from "./garbage.ts";
import { imageHistory } from "./history.ts";
import { readConfig, readTarget } from "./image-documents.ts";
import { type ImportOptions, importImage } from "./import.ts";
import { inspectImage } from "./inspect.ts";
import { type ImageListOptions, listImages } from "./list.ts";
import { type LoadOptions, loadImages } from "./load.ts";
import { addLayer, createImage, type NewImage, type NewLayer } from "./new-image.ts";
import type { ImageParts } from "./parts.ts";
import { pruneImages } from "./prune.ts";
import { type PullOptions, pullImage } from "./pull.ts";
import { type PushOptions, pushImage } from "./push.ts";
import { type RemoveOptions, removeImage } from "./remove.ts";
import { removePlatforms } from "./remove-platforms.ts";
import { type ResolvedImage, resolveImage } from "./resolve.ts";
import { saveImages } from "./save.ts";
import { type SearchOptions, searchImages } from "./search.ts";
import { SharedWork } from "./shared-work.ts";
import { StoreLimit, type StoreLimitSettings } from "./store-limit.ts";
import { parseTagTarget, setTag, tagImage } from "./tag.ts";
import { readGroups } from "./variants.ts";

type OwnParts =
  | "downloads"
  | "uploads"
  | "claims"
  | "claimWatchers"
  | "sharedPulls"
  | "sharedDownloads"
  | "sharedExtractions";

/** Uses are told apart to a minute: a start shall not wait for a write that says nothing new. */
const USE_GRAIN_MS = 60_000;

export interface ImageServiceOptions extends Omit<ImageParts, OwnParts> {
  /** Layers that are downloaded at a time, over all pulls. Docker's default is 3. */
  readonly maxConcurrentDownloads: number;
  /** Layers that are uploaded at a time, over all pushes. Docker's default is 5. */
  readonly maxConcurrentUploads: number;
}

/** The use cases of images. What each method promises is told at the function of its own file. */
export class ImageService {
  readonly #parts: ImageParts;

  constructor({ maxConcurrentDownloads, maxConcurrentUploads, ...parts }: ImageServiceOptions) {
    this.#parts = {
      ...parts,
      downloads: new Semaphore(maxConcurrentDownloads),
      uploads: new Semaphore(maxConcurrentUploads),
      claims: new KeyedMutex(),
      claimWatchers: new Set(),
      sharedPulls: new SharedWork(),
      sharedDownloads: new SharedWork(),
      sharedExtractions: new SharedWork(),
    };
  }

  /** From now on so many layers are on their way at a time; those that are stay so. */
  setLimits(limits: Pick<ImageServiceOptions, "maxConcurrentDownloads" | "maxConcurrentUploads">): void {
    this.#parts.downloads.setLimit(limits.maxConcurrentDownloads);
    this.#parts.uploads.setLimit(limits.maxConcurrentUploads);
  }

  list(options: ImageListOptions): Promise<ImageSummary[]> {
    return listImages(this.#parts, options);
  }

  /** How many images there are; the platforms of one count as one. */
  count(): number {
    const { isHidden } = readGroups(this.#parts);
    return this.#parts.images.list().filter(({ id }) => !isHidden(id)).length;
  }

  diskUsage(): Promise<Required<UsageSummary<ImageSummary>>> {
    return imageDiskUsage(this.#parts);
  }

  inspect(
    name: string,
    options: { readonly manifests: boolean; readonly platform: OCIPlatform | undefined },
  ): Promise<ImageInspectResponse> {
    return inspectImage(this.#parts, name, options);
  }

  history(
    name: string,
    options: { readonly platform: OCIPlatform | undefined },
  ): Promise<ImageHistoryItem[]> {
    return imageHistory(this.#parts, name, options);
  }

  attestations(name: string, query: AttestationQuery): Promise<AttestationStatement[]> {
    return imageAttestations(this.#parts, name, query);
  }

  async pull(options: PullOptions): Promise<AsyncIterable<ProgressMessage>> {
    return pullImage(this.#parts, options);
  }

  async push(options: PushOptions): Promise<AsyncIterable<ProgressMessage>> {
    return pushImage(this.#parts, options);
  }

  async import(options: ImportOptions): Promise<AsyncIterable<ProgressMessage>> {
    return importImage(this.#parts, options);
  }

  async load(options: LoadOptions): Promise<AsyncIterable<ProgressMessage>> {
    return loadImages(this.#parts, options);
  }

  save(
    names: readonly string[],
    options: { readonly platforms: readonly OCIPlatform[]; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>> {
    return saveImages(this.#parts, names, options);
  }

  async tag(source: string, target: { readonly repository: string; readonly tag: string }): Promise<void> {
    tagImage(this.#parts, source, target);
  }

  /** Removes an image, or with `platforms` only these of it. */
  remove(
    name: string,
    { platforms, ...options }: RemoveOptions & { readonly platforms: readonly OCIPlatform[] },
  ): Promise<ImageDeleteItem[]> {
    if (platforms.length === 0) return removeImage(this.#parts, name, options);
    return removePlatforms(this.#parts, name, platforms.map(normalizePlatform), options.force);
  }

  search(term: string, options: SearchOptions): Promise<ImageSearchItem[]> {
    return searchImages(this.#parts, term, options);
  }

  prune(filters: Filters): Promise<ImagesPruneResponse> {
    return pruneImages(this.#parts, filters);
  }

  /** What a registry says of a reference. */
  inspectRemote(
    reference: string,
    options: { readonly credentials: RegistryCredentials | undefined; readonly signal: AbortSignal },
  ): Promise<DistributionInspect> {
    return inspectDistribution(this.#parts, reference, options);
  }

  /** The image that a user's text names. */
  resolve(text: string, platform?: Platform): ResolvedImage {
    return resolveImage(this.#parts, text, platform);
  }

  /** An image was made use of: what bounds the store takes others first. */
  markUsed(id: ImageRecord["id"]): void {
    const nowMs = Date.now();
    const { images } = this.#parts;
    if (nowMs - images.lastUsedAtMs(id) > USE_GRAIN_MS) images.markUsed(id, nowMs);
  }

  /** Descriptor of one of an image's manifests; undefined where it is not stored. */
  async describeManifest(image: ImageRecord, digest: Digest): Promise<OCIDescriptor | undefined> {
    if (!(await this.#parts.content.has(digest))) return undefined;
    const { descriptor } = await readTarget(this.#parts, digest);
    return toApiDescriptor({ ...descriptor, platform: parsePlatform(image.platform) });
  }

  readConfig(id: ImageRecord["id"]) {
    return readConfig(this.#parts, id);
  }

  addLayer(
    lease: Lease,
    tar: AsyncIterable<Uint8Array>,
    parent: NewLayer["chainId"] | undefined,
    signal?: AbortSignal,
  ) {
    return addLayer(this.#parts, lease, tar, parent, signal);
  }

  createImage(lease: Lease, image: NewImage): Promise<ImageRecord> {
    return createImage(this.#parts, lease, image);
  }

  /** Gives an image that was made here its name. Errors: invalidArgument. */
  nameImage(image: ImageRecord, target: { readonly repository: string; readonly tag: string }): void {
    setTag(this.#parts, image, parseTagTarget(target.repository, target.tag));
  }

  createFromTree(image: TreeImage): Promise<ImageRecord> {
    return createImageFromTree(this.#parts, image);
  }

  /** Keeps the store below a size until disposed. */
  limitStore(settings: StoreLimitSettings): StoreLimit {
    return new StoreLimit(this.#parts, settings);
  }

  sweep(): Promise<Swept> {
    return sweepGarbage(this.#parts);
  }
}

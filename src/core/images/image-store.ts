import type { Digest } from "../../base/digest.ts";

/**
 * One name of an image. `name` is a full reference (`docker.io/library/busybox:latest`, or `…@sha256:…` for an image
 * that was pulled by digest); `target` is the digest of the manifest or index that was pulled, loaded or built. Where an
 * index holds several stored images, its names belong to one of them: the one that is meant without a platform.
 */
export interface ImageName {
  readonly name: string;
  readonly target: Digest;
  readonly updatedAtMs: number;
}

/**
 * An image that the engine can run: one manifest for one platform, its config and its unpacked layers.
 * `id` is the digest of the config, as `docker images` shows it.
 */
export interface ImageRecord {
  readonly id: Digest;
  /** Digest of the image manifest the image came with. */
  readonly manifest: Digest;
  /** Media type of the manifest. */
  readonly manifestMediaType: string;
  /** chainId of the topmost layer: the snapshot a container's root file system starts from. Empty for an image without layers. */
  readonly topLayer: string;
  /** Sum of the unpacked layers. */
  readonly sizeBytes: number;
  /** Sum of manifest, config and packed layers. */
  readonly contentBytes: number;
  /** Platform as `os/architecture[/variant]`. */
  readonly platform: string;
  /** Created time of the config, RFC 3339; empty where the config has none. */
  readonly created: string;
  /** When this engine last gave it a name, in milliseconds since the epoch; 0 where never. */
  readonly lastTaggedAtMs: number;
  /** Where the image came from: `pull`, `load`, `import`, `commit`, `build`. */
  readonly origin: string;
  /** Parent image where the image was committed or built here. */
  readonly parent: Digest | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** An image that a target leads to: a manifest to its one image, an index to those of its platforms that are stored. */
export interface ImageVariant {
  readonly imageId: Digest;
  /** The image's manifest in that target; an image may come with several that differ in how layers are packed. */
  readonly manifest: Digest;
}

/** What was digested where, so that inspect shows `RepoDigests`. */
export interface RepoDigest {
  /** Repository without tag: `docker.io/library/busybox`. */
  readonly repository: string;
  readonly digest: Digest;
}

/**
 * Records of images, their names and where they came from. Transactional: a method either did all of it or nothing.
 * Records never point to content that is not stored: they are written last.
 */
export interface ImageStore {
  /** Adds or replaces the record. */
  put(image: ImageRecord): void;
  get(id: Digest): ImageRecord | undefined;
  list(): ImageRecord[];
  /** Image ids that begin with the hexadecimal `prefix`; two at the most. */
  findByIdPrefix(prefix: string): ImageRecord[];
  children(id: Digest): ImageRecord[];
  /** Points `name` to the image (and to the manifest or index `target`); what had the name before is returned. */
  setName(name: string, id: Digest, target: Digest): Digest | undefined;
  /** Image and target that `name` points to. */
  resolveName(name: string): { readonly id: Digest; readonly target: Digest } | undefined;
  namesOf(id: Digest): ImageName[];
  listNames(): Array<ImageName & { readonly id: Digest }>;
  /** Repository digests of all images. */
  listRepoDigests(): Array<RepoDigest & { readonly id: Digest }>;
  /** Takes a name away; whether it was there. */
  removeName(name: string): boolean;
  addRepoDigest(id: Digest, repoDigest: RepoDigest): void;
  repoDigestsOf(id: Digest): RepoDigest[];
  resolveRepoDigest(repository: string, digest: Digest): Digest | undefined;
  removeRepoDigest(id: Digest, repoDigest: RepoDigest): void;
  /** `target` holds the image from now on. Idempotent. Errors: notFound (the image). */
  addVariant(target: Digest, variant: ImageVariant): void;
  /** The stored images of a manifest or index, in the order in which they came. */
  variantsOf(target: Digest): ImageVariant[];
  /** Targets that hold more than one image. */
  sharedTargets(): Digest[];
  removeVariant(target: Digest, id: Digest): void;
  /** Every manifest and index that holds the image, in the order in which they came. */
  targetsOf(id: Digest): Digest[];
  /** Targets that begin with the hexadecimal `prefix`; two at the most. */
  findTargetsByPrefix(prefix: string): Digest[];
  /** Whether a name or repository digest leads to the target. */
  isNamed(target: Digest): boolean;
  /** All names and repository digests of a target belong to the image from now on. */
  moveTarget(target: Digest, id: Digest): void;
  /** The manifest `digest` says something of `subject`, and stays as long as that is there. Idempotent. */
  addReferrer(subject: Digest, digest: Digest): void;
  referrersOf(subject: Digest): Digest[];
  /** Forgets the referrers of all subjects but those that `keeps`. */
  dropReferrers(keeps: (subject: Digest) => boolean): void;
  /** When a container was last made of the image, or it was pulled or loaded, in milliseconds since the epoch; 0 where never. */
  lastUsedAtMs(id: Digest): number;
  markUsed(id: Digest, atMs: number): void;
  /** Removes the record with its names and digests. Idempotent. */
  remove(id: Digest): void;
}

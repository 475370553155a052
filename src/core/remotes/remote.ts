import type { CountDownListener } from "../../base/async.ts";
import type { Digest } from "../../base/digest.ts";
import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import type { NamedReference } from "../../spec/reference/reference.ts";

/** How a registry is told who asks. */
export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  /** OAuth2 refresh token that replaces the password. */
  readonly identityToken?: string;
  /** A bearer token that is sent as it is. */
  readonly registryToken?: string;
  readonly serverAddress?: string;
  /** The program that asked the engine, by its `User-Agent`. */
  readonly client?: string;
}

export interface RemoteOptions {
  readonly credentials?: RegistryCredentials;
  readonly signal?: AbortSignal;
}

/** A manifest, index or config as a registry served it: verified against its digest, at most 4 MiB. */
export interface RemoteDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** One repository on one registry, for the length of one pull or push. */
export interface RemoteRepository {
  /** The manifest or index that a tag or digest names. Errors: notFound, permissionDenied, unauthenticated, unavailable. */
  resolve(reference: NamedReference): Promise<RemoteDocument>;
  /** A manifest or index by descriptor. */
  fetchManifest(descriptor: Descriptor): Promise<RemoteDocument>;
  /**
   * A blob's bytes from `offsetBytes` on. `startOffsetBytes` of the result tells where the bytes really start (0 where
   * the registry does not serve ranges). The bytes are not verified here: the content store does that. `onRetry` is told of
   * the waits before further tries.
   */
  fetchBlob(
    descriptor: Descriptor,
    offsetBytes: number,
    onRetry?: CountDownListener,
  ): Promise<{ readonly startOffsetBytes: number; readonly bytes: AsyncIterable<Uint8Array> }>;
  /** Whether a blob is there already. */
  hasBlob(digest: Digest): Promise<boolean>;
  /** Mounts a blob from another repository of the same registry; false where the registry wants an upload instead. */
  mountBlob(digest: Digest, fromRepository: string): Promise<boolean>;
  /** Uploads a blob in one session. `onRetry` is told of the waits before further tries. */
  pushBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    onRetry?: CountDownListener,
  ): Promise<void>;
  /** Puts a manifest or index under a tag or digest; the digest that the registry confirmed. */
  pushManifest(bytes: Uint8Array, mediaType: string, tagOrDigest: string): Promise<Digest>;
  /**
   * What refers to a manifest; undefined where the registry cannot tell, as older ones cannot. One try.
   * Errors: what the registry refuses.
   */
  listReferrers(subject: Digest): Promise<Descriptor[] | undefined>;
  /** All tags of the repository. */
  listTags(): Promise<string[]>;
}

/** Opens repositories on registries over the distribution protocol. */
export interface RemoteFactory {
  open(reference: NamedReference, options: RemoteOptions): RemoteRepository;
  /** Images that a registry's search index finds for a term; `host/term` asks another registry than docker.io. A limit of 0 is the default. Errors: invalidArgument, unavailable. */
  search(term: string, options: RemoteOptions & { readonly limit: number }): Promise<ImageSearchItem[]>;
  /** Checks credentials against a registry: the identity token where the registry gave one. Errors: unauthenticated, unavailable. */
  login(serverAddress: string, credentials: RegistryCredentials): Promise<{ readonly identityToken: string }>;
}

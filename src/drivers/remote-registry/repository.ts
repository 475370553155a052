import { createHash } from "node:crypto";
import type { CountDownListener } from "../../base/async.ts";
import { algorithmOf, type Digest, digestOf, isDigest } from "../../base/digest.ts";
import { EngineError, invalidArgument, unavailable } from "../../base/errors.ts";
import type { RemoteDocument, RemoteRepository } from "../../core/remotes/remote.ts";
import { type RepositoryAction, repositoryScope } from "../../spec/distribution/token.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { MAX_DOCUMENT_BYTES } from "../../spec/oci-image/document.ts";
import { parseIndex } from "../../spec/oci-image/index-document.ts";
import {
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  isIndexType,
  isManifestType,
  MANIFEST_ACCEPT,
  OCI_INDEX,
} from "../../spec/oci-image/media-types.ts";
import { isTag, type NamedReference, tagOrDigestOf } from "../../spec/reference/reference.ts";
import { downloadBlob } from "./blob-download.ts";
import { uploadBlob } from "./blob-upload.ts";
import { ConnectionError } from "./connection-error.ts";
import { listPages } from "./list-pages.ts";
import type { RegistryClient } from "./registry-client.ts";
import { explainPullError, RegistryError } from "./registry-error.ts";
import type { RegistrySettings } from "./settings.ts";
import type { HttpAnswer } from "./transport.ts";

const MAX_TAGS = 100_000;

/** Opens clients to the registry of one repository: mirrors first, for pulls only. */
export interface ClientSource {
  mirrors(): Promise<readonly RegistryClient[]>;
  own(): Promise<RegistryClient>;
}

/** One repository over the distribution protocol. Source: OCI distribution-spec v1.1; Docker Registry HTTP API V2. */
export class RegistryRepository implements RemoteRepository {
  readonly #reference: NamedReference;
  readonly #clients: ClientSource;
  readonly #settings: RegistrySettings;
  readonly #signal: AbortSignal | undefined;
  /** The client that answered `resolve`: blobs are read where the manifest came from. */
  #pullClient: RegistryClient | undefined;

  constructor(
    reference: NamedReference,
    clients: ClientSource,
    settings: RegistrySettings,
    signal: AbortSignal | undefined,
  ) {
    this.#reference = reference;
    this.#clients = clients;
    this.#settings = settings;
    this.#signal = signal;
  }

  async resolve(reference: NamedReference): Promise<RemoteDocument> {
    try {
      return await this.#pull((client) => this.#document(client, tagOrDigestOf(reference)));
    } catch (error) {
      throw explainPullError(error, reference);
    }
  }

  async fetchManifest(descriptor: Descriptor): Promise<RemoteDocument> {
    if (descriptor.size > MAX_DOCUMENT_BYTES)
      throw invalidArgument(`manifest ${descriptor.digest} is too large`);
    try {
      const document = await this.#pull((client) => this.#document(client, descriptor.digest));
      const { mediaType, size } = document.descriptor;
      if (mediaType !== descriptor.mediaType || size !== descriptor.size) {
        throw invalidArgument(`manifest ${descriptor.digest} is not what the image index says of it`);
      }
      return document;
    } catch (error) {
      throw explainPullError(error, { ...this.#reference, digest: descriptor.digest });
    }
  }

  async fetchBlob(descriptor: Descriptor, offsetBytes: number, onRetry?: CountDownListener) {
    const scopes = this.#scopes("pull");
    try {
      return await this.#pull((client) =>
        downloadBlob({ ...this.#at(client), scopes, onRetry }, descriptor, offsetBytes),
      );
    } catch (error) {
      throw explainPullError(error, { ...this.#reference, digest: descriptor.digest });
    }
  }

  async hasBlob(digest: Digest): Promise<boolean> {
    const client = await this.#clients.own();
    const answer = await client.request({
      method: "HEAD",
      target: `v2/${this.#reference.path}/blobs/${digest}`,
      scopes: this.#scopes("pull", "push"),
      expect: [200, 404],
    });
    await answer.discard();
    return answer.status === 200;
  }

  async mountBlob(digest: Digest, fromRepository: string): Promise<boolean> {
    const client = await this.#clients.own();
    const query = new URLSearchParams({ mount: digest, from: fromRepository });
    const answer = await client.request({
      method: "POST",
      target: `v2/${this.#reference.path}/blobs/uploads/?${query}`,
      scopes: [...this.#scopes("pull", "push"), repositoryScope(fromRepository, ["pull"])],
      expect: [201, 202],
    });
    await answer.discard();
    if (answer.status === 202) await this.#cancelUpload(client, answer);
    return answer.status === 201;
  }

  async pushBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    onRetry?: CountDownListener,
  ): Promise<void> {
    const client = await this.#clients.own();
    const scopes = this.#scopes("pull", "push");
    await uploadBlob({ ...this.#at(client), scopes, onRetry }, descriptor, open);
  }

  async pushManifest(bytes: Uint8Array, mediaType: string, tagOrDigest: string): Promise<Digest> {
    const client = await this.#clients.own();
    const digest = digestOf(bytes);
    const answer = await client.request({
      method: "PUT",
      target: `v2/${this.#reference.path}/manifests/${tagOrDigest}`,
      headers: { "content-type": mediaType },
      body: {
        contentLength: bytes.byteLength,
        async *open() {
          yield bytes;
        },
      },
      scopes: this.#scopes("pull", "push"),
      expect: [200, 201, 202],
    });
    await answer.discard();
    const confirmed = answer.headers["docker-content-digest"];
    if (confirmed !== undefined && confirmed !== digest) {
      throw unavailable(`the registry stored manifest ${digest} as ${String(confirmed).slice(0, 160)}`);
    }
    return digest;
  }

  async listReferrers(subject: Digest): Promise<Descriptor[] | undefined> {
    const client = this.#pullClient ?? (await this.#clients.own());
    const answer = await client.request({
      method: "GET",
      target: `v2/${this.#reference.path}/referrers/${subject}`,
      headers: { accept: OCI_INDEX },
      scopes: this.#scopes("pull"),
      expect: [200, 404],
      once: true,
    });
    const bytes = await answer.readAll(MAX_DOCUMENT_BYTES);
    const served = String(answer.headers["content-type"] ?? "").startsWith(OCI_INDEX);
    // Old registries answer an unknown address in ways of their own.
    return answer.status === 200 && served ? [...parseIndex(bytes, OCI_INDEX).manifests] : undefined;
  }

  async listTags(): Promise<string[]> {
    try {
      const client = await this.#clients.own();
      const target = `v2/${this.#reference.path}/tags/list?n=1000`;
      const tags = new Set<string>();
      for await (const tag of listPages(client, { target, scopes: this.#scopes("pull"), key: "tags" })) {
        if (isTag(tag)) tags.add(tag);
        if (tags.size >= MAX_TAGS) break;
      }
      return [...tags];
    } catch (error) {
      throw explainPullError(error, this.#reference);
    }
  }

  /** Runs `task` on the mirrors in turn and then on the registry itself; the last error counts. */
  async #pull<T>(task: (client: RegistryClient) => Promise<T>): Promise<T> {
    if (this.#pullClient) return task(this.#pullClient);
    for (const mirror of await this.#clients.mirrors()) {
      try {
        const result = await task(mirror);
        this.#pullClient = mirror;
        return result;
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind === "canceled") throw error;
        this.#settings.logger.info(
          { err: error, mirror: mirror.base.href },
          "mirror does not serve the image",
        );
      }
    }
    const client = await this.#clients.own();
    const result = await task(client);
    this.#pullClient = client;
    return result;
  }

  async #document(client: RegistryClient, tagOrDigest: string): Promise<RemoteDocument> {
    const answer = await client.request({
      method: "GET",
      target: `v2/${this.#reference.path}/manifests/${tagOrDigest}`,
      headers: { accept: MANIFEST_ACCEPT.join(", ") },
      scopes: this.#scopes("pull"),
      expect: [200],
    });
    const bytes = await answer.readAll(MAX_DOCUMENT_BYTES);
    const mediaType = mediaTypeOf(answer);
    const announced = answer.headers["docker-content-digest"];
    const wanted = isDigest(tagOrDigest)
      ? tagOrDigest
      : isDigest(String(announced))
        ? (announced as Digest)
        : undefined;
    const digest = wanted === undefined ? digestOf(bytes) : verified(bytes, wanted);
    return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
  }

  async #cancelUpload(client: RegistryClient, answer: HttpAnswer): Promise<void> {
    const { location } = answer.headers;
    if (location === undefined || !URL.canParse(location, answer.url.href)) return;
    try {
      const target = new URL(location, answer.url);
      const scopes = this.#scopes("pull", "push");
      const gone = await client.request({ method: "DELETE", target, scopes, expect: [204], once: true });
      await gone.discard();
    } catch (error) {
      // Registries drop unfinished uploads by themselves after some time.
      if (!(error instanceof RegistryError) && !(error instanceof ConnectionError)) throw error;
    }
  }

  #at(client: RegistryClient) {
    return { client, repository: this.#reference.path, settings: this.#settings, signal: this.#signal };
  }

  #scopes(...actions: RepositoryAction[]): string[] {
    return [repositoryScope(this.#reference.path, actions)];
  }
}

function verified(bytes: Uint8Array, wanted: Digest): Digest {
  const algorithm = algorithmOf(wanted);
  if (`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` !== wanted) {
    throw invalidArgument(`manifest verification failed for digest ${wanted}`);
  }
  return wanted;
}

/** Errors: unavailable for what no registry answers (a login page, say); invalidArgument for schema 1. */
function mediaTypeOf(answer: HttpAnswer): string {
  const mediaType = (answer.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (isManifestType(mediaType) || isIndexType(mediaType)) return mediaType;
  if (mediaType === DOCKER_SCHEMA1 || mediaType === DOCKER_SCHEMA1_SIGNED) {
    throw invalidArgument(
      "Docker Image Format v1, and Docker Image manifest version 2, schema 1 support has been removed",
    );
  }
  throw unavailable(
    `unexpected media type ${JSON.stringify(mediaType)} from ${answer.url.origin}${answer.url.pathname}: not a manifest`,
  );
}

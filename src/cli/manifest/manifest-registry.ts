import { digestOf } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import { credentialsOf } from "../../core/remotes/credentials-of.ts";
import type { RemoteDocument, RemoteRepository } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { parseIndex } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isIndexType, isManifestType, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import { fullString, type NamedReference } from "../../spec/reference/reference.ts";
import { authForImage } from "../auth.ts";
import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";
import type { OpenedRemotes } from "../open-remotes.ts";
import { type LocalManifest, noSuchManifest, orderPlatform } from "./local-manifest.ts";

/** Registries, as the commands for manifests use them: without an engine. */
export class ManifestRegistry implements AsyncDisposable {
  readonly #cli: Cli;
  readonly #remotes: OpenedRemotes;

  private constructor(cli: Cli, remotes: OpenedRemotes) {
    this.#cli = cli;
    this.#remotes = remotes;
  }

  /** `insecure` lets the registries of `names` be reached without TLS or with certificates that nobody vouches for. */
  static async open(
    cli: Cli,
    names: readonly NamedReference[],
    insecure: boolean,
  ): Promise<ManifestRegistry> {
    const insecureRegistries = insecure ? names.map(({ domain }) => domain) : [];
    return new ManifestRegistry(cli, await cli.openRemotes(insecureRegistries));
  }

  /** Errors: ExitError where the name is a list or nothing. */
  async getManifest(reference: NamedReference): Promise<LocalManifest> {
    const remote = await this.repository(reference);
    const document = await resolve(remote, reference);
    if (isIndexType(document.descriptor.mediaType)) {
      throw new ExitError(1, `${fullString(reference)} is a manifest list`);
    }
    return await describe(remote, reference, document);
  }

  /** The manifest that a name has, or all of its list. */
  async inspect(reference: NamedReference): Promise<LocalManifest | LocalManifest[]> {
    const remote = await this.repository(reference);
    const { descriptor, bytes } = await resolve(remote, reference);
    if (!isIndexType(descriptor.mediaType)) return await describe(remote, reference, { descriptor, bytes });
    const manifests: LocalManifest[] = [];
    for (const entry of parseIndex(bytes, descriptor.mediaType).manifests) {
      const document = await remote.fetchManifest(entry);
      const name = { ...reference, digest: entry.digest };
      manifests.push(await describe(remote, name, document, entry.platform ?? { os: "", architecture: "" }));
    }
    return manifests;
  }

  async repository(reference: NamedReference): Promise<RemoteRepository> {
    const credentials = credentialsOf(await authForImage(this.#cli, fullString(reference)));
    return this.#remotes.open(reference, { ...(credentials && { credentials }) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#remotes.close();
  }
}

async function resolve(remote: RemoteRepository, reference: NamedReference): Promise<RemoteDocument> {
  try {
    return await remote.resolve(reference);
  } catch (error) {
    const unknown = isKind(error, "notFound") || isKind(error, "unauthenticated");
    if (unknown || isKind(error, "permissionDenied")) throw new ExitError(1, noSuchManifest(reference));
    throw error;
  }
}

async function describe(
  remote: RemoteRepository,
  reference: NamedReference,
  { descriptor, bytes }: RemoteDocument,
  platform?: Platform,
): Promise<LocalManifest> {
  const { mediaType, digest } = descriptor;
  if (!isManifestType(mediaType)) throw new ExitError(1, `${fullString(reference)} is not a manifest`);
  const { config } = parseManifest(bytes, mediaType);
  const body = JSON.parse(Buffer.from(bytes).toString("utf8"));
  return {
    Ref: fullString(reference),
    Descriptor: {
      mediaType,
      digest,
      size: bytes.byteLength,
      platform: orderPlatform(platform ?? (await readConfigPlatform(remote, config))),
    },
    Raw: Buffer.from(bytes).toString("base64"),
    ...(mediaType === OCI_MANIFEST ? { OCIManifest: body } : { SchemaV2Manifest: body }),
  };
}

/** What the config says that the image runs on. */
async function readConfigPlatform(remote: RemoteRepository, config: Descriptor): Promise<Partial<Platform>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await remote.fetchBlob(config, 0)).bytes) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) !== config.digest) {
    throw new ExitError(1, `image config verification failed for digest ${config.digest}`);
  }
  return JSON.parse(bytes.toString("utf8"));
}

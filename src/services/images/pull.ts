import type { RegistryCredentials, RemoteRepository } from "../../core/remotes/remote.ts";
import type { OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
import { normalizePlatform, type Platform } from "../../spec/oci-image/platform.ts";
import {
  familiarName,
  familiarString,
  fullString,
  type NamedReference,
  parseNormalized,
  tagOrDigestOf,
  withDigest,
  withTag,
} from "../../spec/reference/reference.ts";
import { allOrNone } from "./all-or-none.ts";
import { asTransferError } from "./errors.ts";
import { fetchImage } from "./fetch-image.ts";
import { fetchStatements } from "./fetch-statements.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, streamProgress } from "./progress-stream.ts";
import { selectManifest } from "./select-manifest.ts";
import { addVariant, nameTarget } from "./variants.ts";

export interface PullOptions {
  /** Whole reference as the user gave it. A name with neither tag nor digest asks for every tag. */
  readonly reference: string;
  readonly platform: OCIPlatform | undefined;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

/**
 * Brings images from a registry. When the stream has ended without an error, the images are stored, unpacked and named;
 * of an index the platform that was asked for, beside those that came before.
 * Pulls of the same reference at the same time share the work.
 * Errors: invalidArgument at once for a bad reference; from the stream notFound, permissionDenied, unavailable, internal
 * (the registry wants credentials), with docker's texts.
 * Crash: no record was written, or all is there; downloaded bytes are used by the next pull.
 */
export function pullImage(parts: ImageParts, options: PullOptions): AsyncIterable<ProgressMessage> {
  const reference = parseNormalized(options.reference);
  const platform = options.platform && normalizePlatform(options.platform);
  const request = { platform, credentials: options.credentials };
  return streamProgress(async (report, signal) => {
    try {
      if (reference.tag === undefined && reference.digest === undefined) {
        await pullAllTags(parts, reference, request, report, signal);
      } else await pullOne(parts, reference, request, report, signal);
    } catch (error) {
      throw asTransferError(error);
    }
  }, options.signal);
}

interface PullRequest {
  readonly platform: Platform | undefined;
  readonly credentials: RegistryCredentials | undefined;
}

async function pullAllTags(
  parts: ImageParts,
  repository: NamedReference,
  request: PullRequest,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const remote = openRemote(parts, repository, request.credentials, signal);
  for (const tag of await remote.listTags()) {
    await pullOne(parts, withTag(repository, tag), request, report, signal);
  }
}

/** Pulls one image. Whoever asks for the same one meanwhile, in the same way, shares the work. */
function pullOne(
  parts: ImageParts,
  reference: NamedReference,
  request: PullRequest,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  // Whoever asks: the same is brought.
  const account = { ...request.credentials, client: undefined };
  const key = JSON.stringify([fullString(reference), request.platform, account]);
  return parts.sharedPulls.join(key, { report, signal }, (shared, sharedSignal) =>
    pullReference(parts, reference, request, shared, sharedSignal),
  );
}

function openRemote(
  parts: ImageParts,
  reference: NamedReference,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): RemoteRepository {
  return parts.remotes.open(reference, { ...(credentials && { credentials }), signal });
}

async function pullReference(
  parts: ImageParts,
  reference: NamedReference,
  { platform, credentials }: PullRequest,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const remote = openRemote(parts, reference, credentials, signal);
  const document = await remote.resolve(reference);
  const selected = await selectManifest(document, platform ?? parts.platform, (entry) =>
    remote.fetchManifest(entry),
  );
  report({ status: `Pulling from ${reference.path}`, id: tagOrDigestOf(reference) });
  await using lease = parts.leases.create(`pull ${familiarString(reference)}`);
  const name = nameOf(reference);
  const before = parts.images.resolveName(fullString(name))?.target;
  const [image] = await allOrNone([
    fetchImage(parts, lease, remote, selected, { report, signal }),
    fetchStatements({ parts, lease, remote, signal }, selected),
  ]);
  signal.throwIfAborted();
  const { digest } = document.descriptor;
  const variant = { image, manifest: selected.manifest.descriptor.digest };
  const { primary, known } = addVariant(parts, digest, variant);
  nameTarget(parts, name, primary, digest);
  const fresh = before !== digest || !known;
  report({ status: `Digest: ${digest}` });
  const outcome = fresh ? "Downloaded newer image for" : "Image is up to date for";
  report({ status: `Status: ${outcome} ${familiarString(reference)}` });
  publishImageEvent(parts, "pull", familiarString(reference), familiarName(reference), image);
}

function nameOf(reference: NamedReference): NamedReference {
  const { digest } = reference;
  return digest === undefined ? reference : withDigest(reference, digest);
}

import type { Digest } from "../../base/digest.ts";
import { EngineError, invalidArgument, isKind, messageOf } from "../../base/errors.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteRepository } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { attestationsOf, parseIndex } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType } from "../../spec/oci-image/media-types.ts";
import { allOrNone } from "./all-or-none.ts";
import { claimContent } from "./claims.ts";
import { downloadBlob } from "./download-blob.ts";
import type { ImageParts } from "./parts.ts";
import type { SelectedManifest } from "./select-manifest.ts";
import { writeDocument } from "./write-blob.ts";

/** More than all statements about an image take together; what is beyond is left where it is. */
const MAX_STATEMENTS_BYTES = 512 * 1024 * 1024;
const MAX_REFERRERS = 64;
/** A registry that does not tell soon what refers to an image, or does not bring it soon, does not hold up its pull. */
const LIST_TIMEOUT_MS = 5000;
const REFERRERS_TIMEOUT_MS = 60_000;

interface Pull {
  readonly parts: ImageParts;
  readonly lease: Lease;
  readonly remote: RemoteRepository;
  readonly signal: AbortSignal;
}

interface Statements extends Pull {
  readonly budget: { leftBytes: number };
}

/**
 * Stores what is said of an image beside it: provenance and bills of materials of its index, and what refers to it or to
 * these, such as signatures. What the registry lacks or what is malformed is left out, since the image itself is whole.
 * Errors: what the connection says of attestations, which the index promises.
 */
export async function fetchStatements(pull: Pull, { manifest, indexes }: SelectedManifest): Promise<void> {
  const statements = { ...pull, budget: { leftBytes: MAX_STATEMENTS_BYTES } };
  const documents = [...indexes.slice(0, 1), manifest].map(({ descriptor }) => descriptor.digest);
  const [attestations] = await allOrNone([
    fetchAttestations(statements, { manifest, indexes }),
    fetchReferrers(statements, documents),
  ]);
  await fetchReferrers(statements, attestations);
}

/** Digests of the attestations that are stored now. */
async function fetchAttestations(
  statements: Statements,
  { manifest, indexes }: SelectedManifest,
): Promise<Digest[]> {
  const index = indexes.at(-1);
  if (!index) return [];
  const { digest } = manifest.descriptor;
  const entries = attestationsOf(parseIndex(index.bytes, index.descriptor.mediaType), digest);
  const fetched: Digest[] = [];
  for (const entry of entries) {
    try {
      await fetchStatement(statements, entry);
      fetched.push(entry.digest);
    } catch (error) {
      if (!isKind(error, "notFound") && !isKind(error, "invalidArgument")) throw error;
      const fields = { attestation: entry.digest, error: messageOf(error) };
      statements.parts.logger.warn(fields, "attestation was left out");
    }
  }
  return fetched;
}

async function fetchReferrers(statements: Statements, subjects: readonly Digest[]): Promise<void> {
  const { parts, lease, signal } = statements;
  const limited = {
    ...statements,
    signal: AbortSignal.any([signal, AbortSignal.timeout(REFERRERS_TIMEOUT_MS)]),
  };
  for (const subject of subjects) {
    // Referrers stay with their subject: it must not look needless before it is stored.
    await claimContent(parts, lease, subject);
    const entries = await orLeaveOut(statements, subject, () => listReferrers(statements, subject));
    for (const entry of (entries ?? []).slice(0, MAX_REFERRERS)) {
      await orLeaveOut(statements, subject, async () => {
        await fetchStatement(limited, entry, subject);
        parts.images.addReferrer(subject, entry.digest);
      });
    }
  }
}

async function orLeaveOut<T>(
  { parts, signal }: Statements,
  subject: Digest,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    if (!(error instanceof EngineError || timedOut)) throw error;
    parts.logger.debug({ subject, error: messageOf(error) }, "a referrer was left out");
    return undefined;
  }
}

async function listReferrers({ remote }: Statements, subject: Digest): Promise<Descriptor[]> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), LIST_TIMEOUT_MS);
  try {
    return (await Promise.race([remote.listReferrers(subject), late])) ?? [];
  } finally {
    clearTimeout(timer);
  }
}

async function fetchStatement(
  { parts, lease, remote, signal, budget }: Statements,
  entry: Descriptor,
  subject?: Digest,
): Promise<void> {
  if (!isManifestType(entry.mediaType)) throw invalidArgument(`unsupported media type ${entry.mediaType}`);
  const { bytes } = await remote.fetchManifest(entry);
  const manifest = parseManifest(bytes, entry.mediaType);
  if (subject && manifest.subject?.digest !== subject) {
    throw invalidArgument(`${entry.digest} does not refer to ${subject}`);
  }
  const blobs = [manifest.config, ...manifest.layers];
  const sizeBytes = blobs.reduce((sum, { size }) => sum + size, 0);
  if (sizeBytes > budget.leftBytes) throw invalidArgument(`${entry.digest} is larger than statements may be`);
  budget.leftBytes -= sizeBytes;
  for (const blob of blobs) await downloadBlob(parts, lease, remote, blob, { signal });
  await writeDocument(parts, lease, bytes, entry.mediaType);
}

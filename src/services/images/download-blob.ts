import type { Semaphore } from "../../base/async.ts";
import { type Digest, hexOf } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ContentWriter } from "../../core/content/content-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteRepository } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { claimContent } from "./claims.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, reportBytes, reportRetries } from "./progress-stream.ts";

/** Name of the unfinished write of a blob: whoever needs the same blob next goes on there. */
export function ingestRef(digest: Digest): string {
  return `blob-${hexOf(digest)}`;
}

/**
 * Brings a blob of `remote` into the store and the lease. Bytes that an earlier try left are not fetched again.
 * Errors: what the registry or the connection says; invalidArgument where the bytes do not have the digest.
 * Crash: the bytes so far stay, and the next download goes on behind them.
 */
export async function downloadBlob(
  parts: ImageParts,
  lease: Lease,
  remote: RemoteRepository,
  descriptor: Descriptor,
  options: { readonly report?: Report; readonly signal: AbortSignal },
): Promise<void> {
  if (await claimContent(parts, lease, descriptor.digest)) return;
  const caller = { report: options.report ?? (() => undefined), signal: options.signal };
  let own = false;
  const join = () =>
    parts.sharedDownloads.join(descriptor.digest, caller, (report, signal) => {
      own = true;
      return download(parts, remote, descriptor, report, signal);
    });
  try {
    await join();
  } catch (error) {
    // Another pull's registry or credentials failed, not ours.
    if (own || caller.signal.aborted) throw error;
    await join();
  }
}

async function download(
  parts: ImageParts,
  remote: RemoteRepository,
  descriptor: Descriptor,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  // The first caller may go before the others: what is written here needs a lease of its own.
  await using lease = parts.leases.create("download");
  lease.add({ kind: "ingest", key: ingestRef(descriptor.digest) });
  if (await claimContent(parts, lease, descriptor.digest)) return;
  const id = shortId(descriptor.digest);
  const clean = await receive(parts, remote, descriptor, report, signal);
  // What an earlier try left was spoilt, and is gone now: once more from the start.
  if (!clean) await receive(parts, remote, descriptor, report, signal);
  report({ status: "Download complete", id, progressDetail: {} });
}

/** A place among the transfers that run at a time; says so where it has to wait for one. Errors: canceled. */
export async function waitForSlot(
  slots: Semaphore,
  report: Report,
  id: string,
  signal: AbortSignal,
): Promise<Disposable> {
  const free = slots.tryAcquire();
  if (free) return free;
  report({ status: "Waiting", id, progressDetail: {} });
  return slots.acquire(signal);
}

/** Fetches and commits; false where bytes of an earlier try turned out wrong. */
async function receive(
  parts: ImageParts,
  remote: RemoteRepository,
  descriptor: Descriptor,
  report: Report,
  signal: AbortSignal,
): Promise<boolean> {
  const { digest, size } = descriptor;
  const id = shortId(digest);
  await using writer = await parts.content.openIngest(ingestRef(digest), { totalBytes: size });
  if (writer.offsetBytes > size) await writer.truncate();
  const resumed = writer.offsetBytes > 0;
  try {
    if (writer.offsetBytes < size || size === 0) {
      // Given back before the bytes are brought to disk: the network need not wait for that.
      using _slot = await waitForSlot(parts.downloads, report, id, signal);
      await fetchInto(writer, remote, descriptor, report, signal);
    }
    report({ status: "Verifying Checksum", id, progressDetail: {} });
    await writer.commit({ digest, sizeBytes: size });
    return true;
  } catch (error) {
    if (resumed && isKind(error, "invalidArgument")) return false;
    throw error;
  }
}

async function fetchInto(
  writer: ContentWriter,
  remote: RemoteRepository,
  descriptor: Descriptor,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const id = shortId(descriptor.digest);
  const part = await remote.fetchBlob(descriptor, writer.offsetBytes, reportRetries(report, id));
  if (part.startOffsetBytes !== writer.offsetBytes) await writer.truncate();
  const progress = reportBytes(report, id, "Downloading", descriptor.size);
  for await (const chunk of part.bytes) {
    signal.throwIfAborted();
    await writer.write(chunk);
    progress(writer.offsetBytes);
  }
}

import { type CountDownListener, countDown } from "../../base/async.ts";
import { unavailable } from "../../base/errors.ts";
import { parseContentRange, rangeFrom } from "../../spec/distribution/range.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isRetryable } from "./connection-error.ts";
import { MAX_RETRY_DELAY_MS, type RegistryClient } from "./registry-client.ts";
import type { RegistrySettings } from "./settings.ts";

export interface BlobPart {
  readonly startOffsetBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Where a blob is read from, and how patiently. */
export interface BlobSource {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly scopes: readonly string[];
  readonly settings: RegistrySettings;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: CountDownListener | undefined;
}

/**
 * A blob from `offsetBytes` on. A connection that breaks on the way is taken up again where it broke; only a transfer
 * that brings nothing new for several tries fails. Never gives more bytes than the descriptor announces.
 * Errors: RegistryError, unavailable.
 */
export async function downloadBlob(
  source: BlobSource,
  descriptor: Descriptor,
  offsetBytes: number,
): Promise<BlobPart> {
  const first = await openAt(source, descriptor, offsetBytes);
  return {
    startOffsetBytes: first.startOffsetBytes,
    bytes: continued(source, descriptor, first),
  };
}

async function* continued(
  source: BlobSource,
  descriptor: Descriptor,
  first: BlobPart,
): AsyncGenerator<Uint8Array> {
  let position = first.startOffsetBytes;
  let failures = 0;
  let part: BlobPart | undefined = first;
  while (position < descriptor.size || part) {
    const before = position;
    try {
      part ??= await openAt(source, descriptor, position);
      for await (const chunk of from(part, position)) {
        position += chunk.byteLength;
        if (position > descriptor.size) throw tooLarge(descriptor);
        yield chunk;
      }
      if (position >= descriptor.size) return;
      throw unavailable(`unexpected EOF: ${position} of ${descriptor.size} bytes of ${descriptor.digest}`);
    } catch (error) {
      const cutShort = part !== undefined && position < descriptor.size && isPassing(error);
      failures = position > before ? 1 : failures + 1;
      if (!cutShort || failures >= source.settings.attempts) throw error;
      source.settings.logger.debug(
        { err: error, digest: descriptor.digest, position },
        "blob download resumes",
      );
      part = undefined;
      const backoffMs = source.settings.firstRetryDelayMs * 2 ** (failures - 1);
      await countDown(Math.min(backoffMs, MAX_RETRY_DELAY_MS), source.onRetry, source.signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  return isRetryable(error) || (error instanceof Error && error.message.startsWith("unexpected EOF"));
}

function tooLarge(descriptor: Descriptor): Error {
  return unavailable(`the registry sends more than the ${descriptor.size} bytes of ${descriptor.digest}`);
}

/** The bytes of `part` from `position` on: a registry without ranges starts over, and what is known is skipped. */
async function* from(part: BlobPart, position: number): AsyncGenerator<Uint8Array> {
  let skip = position - part.startOffsetBytes;
  for await (const chunk of part.bytes) {
    if (skip >= chunk.byteLength) skip -= chunk.byteLength;
    else {
      yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = 0;
    }
  }
}

async function openAt(source: BlobSource, descriptor: Descriptor, offsetBytes: number): Promise<BlobPart> {
  const { client, repository, scopes, onRetry } = source;
  const ranged = offsetBytes > 0;
  const answer = await client.request({
    method: "GET",
    target: `v2/${repository}/blobs/${descriptor.digest}`,
    // Any coding on the way would change the bytes, and with them digest and offsets.
    headers: { "accept-encoding": "identity", ...(ranged && { range: rangeFrom(offsetBytes) }) },
    scopes,
    expect: ranged ? [200, 206, 416] : [200],
    onRetry,
  });
  if (answer.status === 416) {
    await answer.discard();
    return openAt(source, descriptor, 0);
  }
  if (answer.status === 200) return { startOffsetBytes: 0, bytes: answer.bytes() };
  const range = parseContentRange(answer.headers["content-range"]);
  if (range?.firstByte !== offsetBytes) {
    await answer.discard();
    throw unavailable(`the registry answers a range of ${descriptor.digest} with another one`);
  }
  return { startOffsetBytes: offsetBytes, bytes: answer.bytes() };
}

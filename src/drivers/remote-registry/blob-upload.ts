import { type CountDownListener, countDown } from "../../base/async.ts";
import { unavailable } from "../../base/errors.ts";
import { parseUploadedBytes, uploadRange } from "../../spec/distribution/range.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isRetryable } from "./connection-error.ts";
import { MAX_RETRY_DELAY_MS, type RegistryClient } from "./registry-client.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistrySettings } from "./settings.ts";
import type { HttpAnswer } from "./transport.ts";

/** Blobs up to here go in the closing request: one round trip less, and little to send again. */
const MONOLITHIC_BYTES = 1024 * 1024;

export interface UploadTarget {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly scopes: readonly string[];
  readonly settings: RegistrySettings;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: CountDownListener | undefined;
}

/**
 * Uploads a blob in one session: small ones in a single PUT, larger ones by PATCH, which goes on where the registry
 * says it stopped when the connection breaks.
 * Errors: RegistryError, unavailable.
 * Source: OCI distribution-spec v1.1, "Pushing blobs".
 */
export async function uploadBlob(
  target: UploadTarget,
  descriptor: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  const { client, repository, scopes, onRetry } = target;
  const started = await client.request({
    method: "POST",
    target: `v2/${repository}/blobs/uploads/`,
    scopes,
    expect: [202],
    onRetry,
  });
  const session = new UploadSession(target, locationOf(started));
  await started.discard();
  if (descriptor.size > MONOLITHIC_BYTES) {
    await session.patch(descriptor, open);
    await session.finish(descriptor);
  } else await session.finish(descriptor, open);
}

function locationOf(answer: HttpAnswer): URL {
  const { location } = answer.headers;
  if (location === undefined || !URL.canParse(location, answer.url.href)) {
    throw unavailable("the registry gives no address for the upload");
  }
  return new URL(location, answer.url);
}

class UploadSession {
  readonly #target: UploadTarget;
  #location: URL;

  constructor(target: UploadTarget, location: URL) {
    this.#target = target;
    this.#location = location;
  }

  async patch(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const { settings, signal, onRetry } = this.#target;
    let offset = 0;
    for (let failures = 0; offset < descriptor.size; ) {
      try {
        await this.#patchFrom(descriptor.size, offset, open);
        return;
      } catch (error) {
        if (!passes(error) || ++failures >= settings.attempts) throw error;
        const backoffMs = settings.firstRetryDelayMs * 2 ** (failures - 1);
        await countDown(Math.min(backoffMs, MAX_RETRY_DELAY_MS), onRetry, signal);
        const stored = await this.#storedBytes();
        if (stored > offset) failures = 0;
        offset = stored;
      }
    }
  }

  async finish(descriptor: Descriptor, open?: () => AsyncIterable<Uint8Array>): Promise<void> {
    const url = new URL(this.#location);
    url.searchParams.set("digest", descriptor.digest);
    const answer = await this.#target.client.request({
      method: "PUT",
      target: url,
      ...(open && {
        headers: { "content-type": "application/octet-stream" },
        body: { contentLength: descriptor.size, open },
      }),
      scopes: this.#target.scopes,
      expect: [201, 204],
      onRetry: this.#target.onRetry,
    });
    await answer.discard();
  }

  async #patchFrom(size: number, offset: number, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const answer = await this.#target.client.request({
      method: "PATCH",
      target: this.#location,
      headers: {
        "content-type": "application/octet-stream",
        ...(offset > 0 && { "content-range": uploadRange(offset, size - offset) }),
      },
      body: { contentLength: size - offset, open: () => skipBytes(open(), offset) },
      scopes: this.#target.scopes,
      expect: [202],
      once: true,
    });
    this.#location = locationOf(answer);
    await answer.discard();
  }

  async #storedBytes(): Promise<number> {
    const answer = await this.#target.client.request({
      method: "GET",
      target: this.#location,
      scopes: this.#target.scopes,
      expect: [202, 204],
      onRetry: this.#target.onRetry,
    });
    if (answer.headers.location !== undefined) this.#location = locationOf(answer);
    const stored = parseUploadedBytes(headerText(answer.headers.range));
    await answer.discard();
    // `0-0` is what registries answer for an empty session and for one byte alike: starting over is right for both.
    return stored === undefined || stored <= 1 ? 0 : stored;
  }
}

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function passes(error: unknown): boolean {
  return isRetryable(error) || (error instanceof RegistryError && error.status >= 500);
}

async function* skipBytes(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let skip = count;
  for await (const chunk of source) {
    if (skip >= chunk.byteLength) skip -= chunk.byteLength;
    else {
      yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = 0;
    }
  }
}

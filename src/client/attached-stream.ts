import type { Duplex } from "node:stream";

/** The streams of a container or an exec, as a client is attached to them. */
export interface AttachedStream {
  /** What is printed, framed (see stdcopy) where there is no terminal. Nothing that came behind the head is lost. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Takes what is typed; `end()` closes the container's stdin and nothing else. Missing where stdin was not asked for. */
  readonly input?: Duplex;
  /** Whether stdout and stderr come framed (no terminal) or as they are, where the engine told (API 1.42). */
  readonly multiplexed: boolean | undefined;
  /** Leaves the streams; the container goes on. Idempotent. */
  close(): void;
}

export function mediaTypeIsMultiplexed(mediaType: string | undefined): boolean | undefined {
  if (mediaType === "application/vnd.docker.multiplexed-stream") return true;
  // Engines before API 1.42 call both forms raw: only a newer media type tells.
  return undefined;
}

import type { Duplex } from "node:stream";

/** A connection taken over from HTTP: bytes of the container's streams both ways. */
export interface HijackedStream {
  /** Nothing that the engine sent behind its answer's head is lost. `end()` closes the container's stdin only. */
  readonly socket: Duplex;
  /** Whether stdout and stderr come framed (no terminal) or as they are, where the engine told (API 1.42). */
  readonly multiplexed: boolean | undefined;
}

export function mediaTypeIsMultiplexed(mediaType: string | undefined): boolean | undefined {
  if (mediaType === "application/vnd.docker.multiplexed-stream") return true;
  // Engines before API 1.42 call both forms raw: only a newer media type tells.
  return undefined;
}

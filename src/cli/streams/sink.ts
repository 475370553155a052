import { once } from "node:events";
import type { Writable } from "node:stream";

/** Where bytes go in order. */
export interface Sink {
  /** Resolves once the bytes have left, at the reader's pace. One call at a time. */
  send(bytes: Uint8Array): Promise<void>;
}

/** Writes a chunk and waits where the reader is slower than we are. */
export async function writeAll(target: Writable, chunk: Uint8Array | string): Promise<void> {
  if (!target.write(chunk)) await once(target, "drain");
}

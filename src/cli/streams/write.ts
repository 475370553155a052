import { once } from "node:events";
import type { Writable } from "node:stream";

/** Writes a chunk and waits where the reader is slower than we are. */
export async function writeAll(target: Writable, chunk: Uint8Array | string): Promise<void> {
  if (!target.write(chunk)) await once(target, "drain");
}

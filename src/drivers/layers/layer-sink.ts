import type { TarHandler } from "../../spec/tar/mod.ts";

/** Takes a layer while its tar is read. Disposing gives back what it holds, finished or not. */
export interface LayerSink extends TarHandler, Disposable {
  /** Members that were read so far. */
  readonly entries: number;
  /** Directories that the layer has not said anything of, the root included, where no trees below tell of them. Complete after `finish`. */
  readonly implied: readonly string[];
  /** Takes all bytes of the tar, each piece before its members; missing where members are enough. */
  raw?(bytes: Uint8Array): void;
  /** The archive has ended well. */
  finish(): void;
}

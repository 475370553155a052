import { closeSync, openSync } from "node:fs";
import { unavailable } from "../../base/errors.ts";
import type { IngestFollower } from "../../core/content/content-store.ts";

/** Tells of the growth of one ingest's file. Its writer says what happens; one that never starts is never heard of. */
export class LocalIngestFollower implements IngestFollower {
  readonly opened: Promise<number>;
  readonly #resolveOpened: (fd: number) => void;
  readonly #onDisposed: (follower: LocalIngestFollower) => void;
  #fd: number | undefined;
  #sizeBytes = 0;
  #end: "verified" | "failed" | undefined;
  #wake: () => void = () => {};

  constructor(onDisposed: (follower: LocalIngestFollower) => void) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.opened = promise;
    this.#resolveOpened = resolve;
    this.#onDisposed = onDisposed;
  }

  get growth(): AsyncIterable<number> {
    return this.#tell();
  }

  get misled(): boolean {
    return this.#end === "failed";
  }

  /** The file at `path` has `sizeBytes` now. */
  grew(path: string, sizeBytes: number): void {
    if (this.#end) return;
    if (this.#fd === undefined) {
      this.#fd = openSync(path, "r");
      this.#resolveOpened(this.#fd);
    }
    this.#sizeBytes = sizeBytes;
    this.#wake();
  }

  /** All bytes are there and right, or what was told of them does not hold any more. */
  end(how: "verified" | "failed"): void {
    // Who has read nothing has nothing to throw away.
    if (this.#fd === undefined) return;
    this.#end ??= how;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#onDisposed(this);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#end ??= "failed";
    this.#wake();
  }

  async *#tell(): AsyncGenerator<number> {
    for (let toldBytes = 0; ; ) {
      if (this.#end === "failed") throw unavailable("the bytes that were followed are not the right ones");
      if (this.#sizeBytes > toldBytes) {
        toldBytes = this.#sizeBytes;
        yield toldBytes;
      } else if (this.#end) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

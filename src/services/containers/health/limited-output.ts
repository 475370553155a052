const MAX_BYTES = 4096;

/** The first 4096 bytes of what a probe writes, with `...` behind them where there was more. */
export class LimitedOutput {
  readonly #pieces: Uint8Array[] = [];
  #sizeBytes = 0;
  #truncated = false;

  add(bytes: Uint8Array): void {
    const room = MAX_BYTES - this.#sizeBytes;
    this.#truncated ||= bytes.byteLength > room;
    if (room <= 0) return;
    const kept = bytes.slice(0, room);
    this.#pieces.push(kept);
    this.#sizeBytes += kept.byteLength;
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8") + (this.#truncated ? "..." : "");
  }
}

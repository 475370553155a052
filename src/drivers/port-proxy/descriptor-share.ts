import { getResourceLimit } from "../../os/linux/process.ts";

/**
 * How many descriptors of the process all proxies together may hold for their clients: the engine goes on working however
 * many clients come.
 */
export class DescriptorShare {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Half of what the process may open. */
  static ofProcess(): DescriptorShare {
    return new DescriptorShare(Math.floor(Number(getResourceLimit("nofile").soft) / 2));
  }

  /** Whether there were that many left; they are the caller's then. */
  take(count: number): boolean {
    if (this.#held + count > this.#limit) return false;
    this.#held += count;
    return true;
  }

  giveBack(count: number): void {
    this.#held -= count;
  }
}

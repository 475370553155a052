import { invalidArgument } from "./errors.ts";

const CTRL: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };

/** Ctrl-P Ctrl-Q. */
export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

/** The bytes of a key sequence: `ctrl-p,ctrl-q`, `a,b`. Errors: invalidArgument with docker's text. */
export function parseDetachKeys(text: string): number[] {
  return text.split(",").map((key) => {
    const code = keyCode(key);
    if (code === undefined) throw invalidArgument(`Invalid detach keys (${text}) provided`);
    return code;
  });
}

function keyCode(key: string): number | undefined {
  if (key.length === 1) return key.charCodeAt(0);
  if (!key.startsWith("ctrl-") || key.length !== 6) return undefined;
  const letter = key[5]!;
  return /[a-z]/.test(letter) ? letter.charCodeAt(0) - 96 : CTRL[letter];
}

/**
 * Looks for the detach sequence in what is typed. Bytes that may be its start are held back until it is clear that
 * they are not; a sequence may be cut anywhere, and a failed start may itself begin the sequence.
 */
export class DetachWatcher {
  readonly #keys: readonly number[];
  #held = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** What to pass on of `chunk`, and whether the sequence is complete; what is typed behind it is dropped. */
  push(chunk: Uint8Array): { readonly pass: Buffer; readonly detached: boolean } {
    const pass: number[] = [];
    for (const byte of chunk) {
      pass.push(...this.#take(byte));
      if (this.#held === this.#keys.length && this.#held > 0)
        return { pass: Buffer.from(pass), detached: true };
    }
    return { pass: Buffer.from(pass), detached: false };
  }

  /** What is still held back when there is no more input. */
  end(): Buffer {
    const held = this.#keys.slice(0, this.#held);
    this.#held = 0;
    return Buffer.from(held);
  }

  #take(byte: number): number[] {
    const released: number[] = [];
    while (this.#keys[this.#held] !== byte) {
      if (this.#held === 0) return [...released, byte];
      released.push(...this.#dropOne());
    }
    this.#held++;
    return released;
  }

  /** Gives the oldest bytes up until the rest is a start of the sequence again. */
  #dropOne(): number[] {
    const held = this.#keys.slice(0, this.#held);
    for (let dropped = 1; dropped <= held.length; dropped++) {
      const rest = held.slice(dropped);
      if (rest.every((byte, index) => byte === this.#keys[index])) {
        this.#held = rest.length;
        return held.slice(0, dropped);
      }
    }
    return [];
  }
}

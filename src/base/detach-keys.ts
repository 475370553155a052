import { invalidArgument } from "./errors.ts";

const CONTROL_SYMBOLS: Readonly<Record<string, number>> = {
  "@": 0,
  "[": 27,
  "\\": 28,
  "]": 29,
  "^": 30,
  _: 31,
};

/** Keys that leave an attached terminal: Ctrl-P, Ctrl-Q. */
export const DEFAULT_DETACH_KEYS: readonly number[] = [16, 17];

/**
 * The bytes of a key sequence such as `ctrl-p,ctrl-q` or `a,ctrl-@`; the default for an empty text.
 * Errors: invalidArgument with docker's text.
 */
export function parseDetachKeys(text: string): readonly number[] {
  if (text === "") return DEFAULT_DETACH_KEYS;
  return text.split(",").map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/.exec(key)?.[1];
    if (control !== undefined) {
      if (/[a-z]/.test(control)) return control.charCodeAt(0) - 96;
      const code = CONTROL_SYMBOLS[control];
      if (code !== undefined) return code;
    }
    throw invalidArgument(`Unknown character: '${key}'`);
  });
}

/** What a piece of input means: the bytes to pass on, and whether the sequence was completed. */
export interface DetachScan {
  readonly bytes: Uint8Array;
  readonly detached: boolean;
}

/**
 * Finds a key sequence in a stream of input. Keys that may begin the sequence are held back until the next byte tells;
 * they are passed on when it was something else.
 */
export class DetachKeyScanner {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  scan(input: Uint8Array): DetachScan {
    if (this.#keys.length === 0) return { bytes: input, detached: false };
    const output: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched]) {
        output.push(...this.#keys.slice(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) {
          this.#matched = 0;
          return { bytes: Uint8Array.from(output), detached: true };
        }
      } else {
        output.push(byte);
      }
    }
    return { bytes: Uint8Array.from(output), detached: false };
  }
}

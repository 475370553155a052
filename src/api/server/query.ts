import { invalidArgument } from "../../base/errors.ts";
import type { Nanoseconds } from "../../base/time.ts";

const FALSE = new Set(["", "0", "no", "false", "none"]);

/** A request's query parameters, read as docker reads them. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The first value; empty where there is none. */
  text(name: string): string {
    return this.#values.get(name) ?? "";
  }

  all(name: string): string[] {
    return this.#values.getAll(name);
  }

  /** Everything but nothing, `0`, `no`, `false` and `none` is true. */
  bool(name: string, whenMissing = false): boolean {
    const value = this.#values.get(name);
    return value === null ? whenMissing : !FALSE.has(value.trim().toLowerCase());
  }

  /** A whole number; undefined where the parameter is missing or empty. Errors: invalidArgument. */
  int(name: string): number | undefined {
    const value = this.text(name);
    if (value === "") return undefined;
    if (!/^[+-]?\d+$/.test(value)) {
      throw invalidArgument(`strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      throw invalidArgument(`strconv.Atoi: parsing ${JSON.stringify(value)}: value out of range`);
    }
    return number;
  }

  /** A required number from 0 to 2³²-1. Errors: invalidArgument, beginning with `problem`. */
  uint32(name: string, problem: string): number {
    const value = this.text(name);
    const refuse = (reason: string) => invalidArgument(`${problem} ${JSON.stringify(value)}: ${reason}`);
    if (!/^-?\d+$/.test(value)) throw refuse("invalid syntax");
    const number = Number(value);
    if (number < 0 || number > 0xffff_ffff) throw refuse("value out of range");
    return number;
  }

  /** Seconds since the epoch with up to nine decimals; undefined where missing or empty. Errors: invalidArgument. */
  timestamp(name: string, problem: string): Nanoseconds | undefined {
    const value = this.text(name);
    if (value === "") return undefined;
    const match = /^([+-]?\d{1,18})(?:\.(\d{0,20}))?$/.exec(value);
    if (!match) throw invalidArgument(`${problem}: invalid timestamp ${JSON.stringify(value)}`);
    const fraction = (match[2] ?? "").slice(0, 9).padEnd(9, "0");
    return BigInt(match[1]!) * 1_000_000_000n + BigInt(fraction);
  }
}

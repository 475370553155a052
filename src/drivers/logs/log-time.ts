import { parseRfc3339Nano } from "../../base/time.ts";

const SECONDS_LENGTH = "2026-01-02T03:04:05".length;
const NANOS_PER_SECOND = 1_000_000_000n;

/**
 * Parses RFC 3339 times of lines that follow each other: what is before the fraction is parsed again only when it
 * changes, which makes millions of lines affordable.
 */
export class LogTimeParser {
  #wholeText = "";
  #zone = "";
  #wholeNs = 0n;

  /** Nanoseconds since the epoch; undefined where the text is no time. */
  parse(text: string): bigint | undefined {
    if (text.charCodeAt(SECONDS_LENGTH) !== 0x2e) return parseRfc3339Nano(text);
    let end = SECONDS_LENGTH + 1;
    let fraction = 0;
    for (; end < text.length; end++) {
      const digit = text.charCodeAt(end) - 0x30;
      if (digit < 0 || digit > 9) break;
      fraction = fraction * 10 + digit;
    }
    const digits = end - SECONDS_LENGTH - 1;
    if (digits > 9) return undefined;
    const whole = text.slice(0, SECONDS_LENGTH);
    const zone = text.slice(end);
    if (whole !== this.#wholeText || zone !== this.#zone) {
      const wholeNs = parseRfc3339Nano(whole + zone);
      if (wholeNs === undefined) return undefined;
      this.#wholeText = whole;
      this.#zone = zone;
      this.#wholeNs = wholeNs;
    }
    return this.#wholeNs + BigInt(fraction * 10 ** (9 - digits));
  }
}

/** Formats times of lines that follow each other as `formatRfc3339Nano` does. */
export class LogTimeFormatter {
  #seconds = -1n;
  #whole = "";

  format(timeNs: bigint): string {
    const seconds = timeNs / NANOS_PER_SECOND;
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#whole = new Date(Number(seconds) * 1000).toISOString().slice(0, SECONDS_LENGTH);
    }
    let nanos = Number(timeNs - seconds * NANOS_PER_SECOND);
    if (nanos === 0) return `${this.#whole}Z`;
    let digits = 9;
    while (nanos % 10 === 0) {
      nanos /= 10;
      digits--;
    }
    return `${this.#whole}.${String(nanos).padStart(digits, "0")}Z`;
  }
}

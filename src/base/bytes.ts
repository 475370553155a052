import { invalidArgument } from "./errors.ts";

const DECIMAL = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"] as const;
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] as const;

function scale(sizeBytes: number, base: number, units: readonly string[]): [number, string] {
  let size = sizeBytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  return [size, units[unit]!];
}

/** `value` with `digits` significant digits and no trailing zeros, as Go's `%.4g` prints it. */
function significant(value: number, digits: number): string {
  if (value === 0) return "0";
  return String(Number(value.toPrecision(digits)));
}

/** A size in powers of 1000 with `digits` significant digits: `12.3MB`. */
export function formatSize(sizeBytes: number, digits = 4): string {
  const [size, unit] = scale(sizeBytes, 1000, DECIMAL);
  return significant(size, digits) + unit;
}

/** A size in powers of 1024 with four significant digits: `1.944GiB`. */
export function formatBinarySize(sizeBytes: number): string {
  const [size, unit] = scale(sizeBytes, 1024, BINARY);
  return significant(size, 4) + unit;
}

const BINARY_POWER: Readonly<Record<string, number>> = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * The bytes that a size as typed on a command line means, in powers of 1024: `512m`, `1.5G`, `64KiB`, `100`.
 * Errors: invalidArgument with the text docker prints.
 */
export function parseBinarySize(text: string): number {
  const match = /^(-?\d+(?:\.\d*)?|-?\.\d+) ?([kmgtp]?)(i?b?)$/i.exec(text.trim());
  if (!match || (match[2] === "" && /i/i.test(match[3]!))) throw invalidArgument(`invalid size: '${text}'`);
  const number = Number(match[1]);
  if (number < 0) throw invalidArgument(`invalid size: '${text}'`);
  return Math.floor(number * 1024 ** BINARY_POWER[match[2]!.toLowerCase()]!);
}

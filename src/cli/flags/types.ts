import { parseBinarySize } from "../../base/bytes.ts";
import type { Flag, FlagOptions } from "./flag.ts";
import { parseGoBool, parseGoDuration, parseGoInt } from "./go-values.ts";

/** A switch; `--name=false` turns it off. */
export function bool(
  usage: string,
  options: FlagOptions & { readonly default?: boolean } = {},
): Flag<boolean> {
  const initial = options.default ?? false;
  return {
    typeName: "",
    usage,
    initial,
    bare: "true",
    defaultText: initial ? "true" : undefined,
    ...rest(options),
    parse: parseGoBool,
  };
}

export function string(
  usage: string,
  options: FlagOptions & { readonly default?: string } = {},
): Flag<string> {
  const initial = options.default ?? "";
  const defaultText = initial === "" ? undefined : JSON.stringify(initial);
  return { typeName: "string", usage, initial, defaultText, ...rest(options), parse: (text) => text };
}

/** `flag`, refused with `problem` where it is given again. */
export function once(flag: Flag<string>, problem: string): Flag<string> {
  const parse = (text: string, previous: string) => {
    if (previous !== flag.initial) throw new Error(problem);
    return flag.parse(text, previous);
  };
  return { ...flag, parse };
}

/** A 64-bit integer. */
export function int(usage: string, options: FlagOptions & { readonly default?: number } = {}): Flag<number> {
  const initial = options.default ?? 0;
  const defaultText = initial === 0 ? undefined : String(initial);
  return {
    typeName: "int",
    usage,
    initial,
    defaultText,
    ...rest(options),
    parse: (text) => parseGoInt(text),
  };
}

export function uint16(usage: string, options: FlagOptions = {}): Flag<number> {
  return {
    typeName: "uint16",
    usage,
    initial: 0,
    defaultText: "0",
    ...rest(options),
    parse: (text) => parseGoInt(text, 16, "ParseUint"),
  };
}

/** A length of time in nanoseconds. */
export function duration(usage: string, options: FlagOptions = {}): Flag<number> {
  return {
    typeName: "duration",
    usage,
    initial: 0,
    defaultText: "0s",
    ...rest(options),
    parse: parseGoDuration,
  };
}

/** A size in bytes, with a unit. */
export function bytes(usage: string, options: FlagOptions = {}): Flag<number> {
  return { typeName: "bytes", usage, initial: 0, ...rest(options), parse: (text) => parseBinarySize(text) };
}

/** A size in bytes that may also be -1. */
export function swapBytes(usage: string, options: FlagOptions = {}): Flag<number> {
  const parse = (text: string) => (text === "-1" ? -1 : parseBinarySize(text));
  return { typeName: "bytes", usage, initial: 0, ...rest(options), parse };
}

export interface ListOptions extends FlagOptions {
  /** Turns each value into what is kept; throws an Error that says what is wrong with it. */
  readonly validate?: (text: string) => string;
}

/** A flag that may be given again and again. */
export function list(usage: string, options: ListOptions = {}): Flag<readonly string[]> {
  const validate = options.validate ?? ((text: string) => text);
  return {
    typeName: "list",
    usage,
    initial: [],
    ...rest(options),
    parse: (text, previous) => [...previous, validate(text)],
  };
}

/** A list whose values may also be separated by commas. */
export function strings(usage: string, options: FlagOptions = {}): Flag<readonly string[]> {
  return {
    typeName: "strings",
    usage,
    initial: [],
    ...rest(options),
    parse: (text, previous) => [...previous, ...text.split(",")],
  };
}

/** `key=value` pairs; a key given twice keeps its last value. */
export function map(usage: string, options: ListOptions = {}): Flag<Readonly<Record<string, string>>> {
  const validate = options.validate ?? ((text: string) => text);
  return {
    typeName: "map",
    usage,
    initial: {},
    defaultText: "map[]",
    ...rest(options),
    parse: (text, previous) => {
      const [key, ...value] = validate(text).split("=");
      return { ...previous, [key!]: value.join("=") };
    },
  };
}

/** Values of each filter: `-f name=value`. */
export function filter(
  usage: string,
  options: FlagOptions = {},
): Flag<Readonly<Record<string, readonly string[]>>> {
  return {
    typeName: "filter",
    usage,
    initial: {},
    ...rest(options),
    parse: (text, previous) => {
      if (text === "") return previous;
      const equals = text.indexOf("=");
      if (equals < 0) throw new Error("bad format of filter (expected name=value)");
      const name = text.slice(0, equals).toLowerCase().trim();
      const value = text.slice(equals + 1).trim();
      return { ...previous, [name]: [...(previous[name] ?? []), value] };
    },
  };
}

/** A flag of a kind of its own: each value is parsed and collected. */
export function custom<T>(
  typeName: string,
  usage: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<readonly T[]> {
  return {
    typeName,
    usage,
    initial: [],
    ...rest(options),
    parse: (text, previous) => [...previous, parse(text)],
  };
}

function rest(options: FlagOptions): Partial<Flag<never>> {
  const { short, hidden, defaultText, typeName } = options;
  return {
    ...(short === undefined ? {} : { short }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(defaultText === undefined ? {} : { defaultText }),
    ...(typeName === undefined ? {} : { typeName }),
  };
}

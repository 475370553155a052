import { quoteGo } from "./go-strings.ts";
import { formatNumber, formatValue, isInteger, typeName } from "./values.ts";

interface Verb {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly verb: string;
}

/** Formats as Go's `fmt.Sprintf` does, for the types that templates know. Source: Go's `fmt` documentation. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let used = 0;
  const take = () => (used < args.length ? { value: args[used++] } : undefined);
  const text = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.?)/gsu,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      if (verb === "") return "%!(NOVERB)";
      const size = (spec: string | undefined) =>
        spec === "*" ? Number(take()?.value) : spec === undefined ? undefined : Number(spec);
      const wanted = size(width);
      const digits = precision === "" ? 0 : size(precision);
      const arg = take();
      if (!arg) return `%!${verb}(MISSING)`;
      const left = (wanted ?? 0) < 0 ? `${flags}-` : flags;
      return formatArg(
        { flags: left, width: wanted === undefined ? undefined : Math.abs(wanted), precision: digits, verb },
        arg.value,
      );
    },
  );
  if (used >= args.length) return text;
  const extra = args
    .slice(used)
    .map((arg) => (arg === null || arg === undefined ? "<nil>" : `${typeName(arg)}=${formatValue(arg)}`));
  return `${text}%!(EXTRA ${extra.join(", ")})`;
}

function formatArg(verb: Verb, value: unknown): string {
  const text = convert(verb, value);
  if (text === undefined)
    return `%!${verb.verb}(${value === null || value === undefined ? "<nil>" : `${typeName(value)}=${formatValue(value)}`})`;
  return pad(text, verb, typeof value === "number" || typeof value === "bigint");
}

function pad(text: string, { flags, width }: Verb, numeric: boolean): string {
  if (width === undefined) return text;
  const missing = Math.max(0, width - [...text].length);
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0")) return " ".repeat(missing) + text;
  const sign = numeric ? (/^[+-]/.exec(text)?.[0] ?? "") : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

/** The text of a value under a verb, without its padding; undefined where the verb does not fit. */
function convert(spec: Verb, value: unknown): string | undefined {
  const { verb, flags } = spec;
  if (verb === "T") return typeName(value);
  if (verb === "v")
    return flags.includes("#") && typeof value === "string"
      ? quoteGo(value)
      : signed(spec, value, formatValue(value));
  if (Array.isArray(value)) {
    const parts = value.map((item) => formatArg(spec, item));
    return `[${parts.join(" ")}]`;
  }
  if (typeof value === "boolean") return verb === "t" ? String(value) : undefined;
  if (typeof value === "string") return convertString(spec, value);
  if (isInteger(value)) return convertInteger(spec, BigInt(value));
  if (typeof value === "number") return convertFloat(spec, value);
  return verb === "s" ? formatValue(value) : undefined;
}

function signed({ flags }: Verb, value: unknown, text: string): string {
  if (typeof value !== "number" && typeof value !== "bigint") return text;
  if (text.startsWith("-")) return text;
  return flags.includes("+") ? `+${text}` : flags.includes(" ") ? ` ${text}` : text;
}

function convertString({ verb, precision, flags }: Verb, value: string): string | undefined {
  const text = precision === undefined ? value : [...value].slice(0, precision).join("");
  if (verb === "s") return text;
  if (verb === "q") return quoteGo(text);
  const hex = flags.includes(" ")
    ? (Buffer.from(text).toString("hex").match(/../g) ?? []).join(" ")
    : Buffer.from(text).toString("hex");
  if (verb === "x") return hex;
  return verb === "X" ? hex.toUpperCase() : undefined;
}

function convertInteger(spec: Verb, value: bigint): string | undefined {
  const prefixed = (prefix: string, digits: string) =>
    spec.flags.includes("#") ? digits.replace(/^(-?)/, `$1${prefix}`) : digits;
  switch (spec.verb) {
    case "d":
      return signed(spec, value, value.toString());
    case "x":
      return prefixed("0x", value.toString(16));
    case "X":
      return prefixed("0X", value.toString(16).toUpperCase());
    case "o":
      return prefixed("0", value.toString(8));
    case "b":
      return prefixed("0b", value.toString(2));
    case "c":
      return String.fromCodePoint(Number(value));
    case "q":
      return `'${String.fromCodePoint(Number(value))}'`;
    case "U":
      return `U+${value.toString(16).toUpperCase().padStart(4, "0")}`;
    default:
      // JSON does not tell 1.0 from 1, docker's own structs do: a float's verb takes either.
      return "eEfFgG".includes(spec.verb) ? convertFloat(spec, Number(value)) : undefined;
  }
}

function convertFloat(spec: Verb, value: number): string | undefined {
  const digits = spec.precision ?? 6;
  const exponent = (text: string) => text.replace(/e([+-])(\d)$/, "e$10$2");
  switch (spec.verb) {
    case "f":
    case "F":
      return signed(spec, value, fixed(value, digits));
    case "e":
      return signed(spec, value, exponent(value.toExponential(digits)));
    case "E":
      return signed(spec, value, exponent(value.toExponential(digits)).toUpperCase());
    case "g":
    case "G":
      return signed(
        spec,
        value,
        spec.precision === undefined
          ? formatNumber(value)
          : exponent(String(Number(value.toPrecision(digits || 1)))),
      );
    default:
      return undefined;
  }
}

/** Decimals with ties to even, as Go rounds; `toFixed` rounds them up. */
function fixed(value: number, digits: number): string {
  // Only a value with so few binary places can lie exactly between two decimals.
  const canTie = Number.isInteger(value * 2 ** (digits + 1));
  const scaled = Math.abs(value) * 10 ** digits;
  if (!canTie || scaled % 1 !== 0.5 || Math.floor(scaled) % 2 === 1) return value.toFixed(digits);
  return ((Math.sign(value) * Math.floor(scaled)) / 10 ** digits).toFixed(digits);
}

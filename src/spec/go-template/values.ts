/** Under this key an object carries the name of the Go type that docker uses in its place. */
export const GO_TYPE: unique symbol = Symbol("go-type");

/**
 * How a value comes to be printed: as the outcome of an action, which shows what a pointer points to, by a function, or as
 * a part of another value, where a pointer is an address.
 */
export type Printing = "action" | "value" | "part";

/** Under this key an object carries the function that prints it: `(printing: Printing) => string`. */
export const GO_TEXT: unique symbol = Symbol("go-text");

/** Under this key a map carries what Go finds in it under a key that it does not have. */
export const GO_ZERO: unique symbol = Symbol("go-zero");

/** What a template prints for a value that is not there. */
export const NO_VALUE = "<no value>";

/** Integers are bigints where a template wrote or computed them, numbers where JSON brought them. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value counts as true: neither false, zero, nil nor empty. Objects with a Go type are structs: always. */
export function isTruthy(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value === "string" || Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return goTypeOf(value) !== undefined || Object.keys(value).length > 0;
  return true;
}

/** The name of the struct that an object stands for; undefined for a map. */
export function goTypeOf(value: unknown): string | undefined {
  return isObject(value) ? ((value as { [GO_TYPE]?: string })[GO_TYPE] ?? undefined) : undefined;
}

/** The name of a value's type, as `%T` and messages show it. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (isInteger(value)) return "int";
  if (typeof value === "number") return "float64";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "function") return "func";
  return goTypeOf(value) ?? "map[string]interface {}";
}

/** A map's keys in the order that templates and `%v` go through them. */
export function sortedKeys(map: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** A value as Go's `%v` prints it. */
export function formatValue(value: unknown, printing: Printing = "value"): string {
  if (value === undefined || value === null) return "<nil>";
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(item, "part")).join(" ")}]`;
  if (isObject(value)) {
    const print = (value as { [GO_TEXT]?: (printing: Printing) => string })[GO_TEXT];
    if (print) return print(printing);
    const pairs = sortedKeys(value).map((key) => `${key}:${formatValue(value[key], "part")}`);
    return `map[${pairs.join(" ")}]`;
  }
  return String(value);
}

/** Integers in full; other numbers as `%v` of a float64, with an exponent of two digits where it is below -4 or from 21 up. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

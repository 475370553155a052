import { sprintf } from "./printf.ts";
import {
  formatValue,
  GO_TYPE,
  GO_ZERO,
  goTypeOf,
  isInteger,
  isObject,
  isTruthy,
  typeName,
} from "./values.ts";

/** A function that templates may call. Throws an Error whose message says what is wrong with its arguments. */
export type TemplateFunction = (...args: unknown[]) => unknown;

export type Functions = Readonly<Record<string, TemplateFunction>>;

type BasicKind = "bool" | "int" | "float" | "string" | "other";

function basicKind(value: unknown): BasicKind {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (isInteger(value)) return "int";
  return typeof value === "number" ? "float" : "other";
}

/** Numbers of JSON have one type, so 1 and 1.5 compare although Go would refuse an int and a float. */
function comparableKinds(a: unknown, b: unknown): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  return (
    kindA === kindB || (kindA !== "other" && kindB !== "other" && isNumberKind(kindA) && isNumberKind(kindB))
  );
}

function isNumberKind(kind: BasicKind): boolean {
  return kind === "int" || kind === "float";
}

function equal(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  // Structs are compared by where they are: docker's are behind pointers.
  if (goTypeOf(a) !== undefined && goTypeOf(b) !== undefined) return a === b;
  if (basicKind(a) === "other" || basicKind(b) === "other")
    throw new Error(`non-comparable type ${formatValue(a)}: ${typeName(a)}`);
  if (!comparableKinds(a, b)) throw new Error("incompatible types for comparison");
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number of the same value only by ==
  return a == b;
}

function less(a: unknown, b: unknown): boolean {
  if (basicKind(a) === "other" || basicKind(b) === "other" || basicKind(a) === "bool")
    throw new Error("invalid type for comparison");
  if (!comparableKinds(a, b)) throw new Error("incompatible types for comparison");
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b as string)) < 0;
  return (a as number) < (b as number);
}

function indexOne(container: unknown, key: unknown): unknown {
  if (container === null || container === undefined) throw new Error("index of untyped nil");
  if (typeof container === "string" || Array.isArray(container)) {
    if (key === null || key === undefined) throw new Error("cannot index slice/array with nil");
    if (!isInteger(key)) throw new Error(`cannot index slice/array with type ${typeName(key)}`);
    const at = Number(key);
    if (at < 0 || at > container.length) throw new Error(`index out of range: ${at}`);
    // One behind the last passes Go's own check and fails in what comes after it.
    const kind = typeof container === "string" ? "string" : "slice";
    if (at === container.length) throw new Error(`reflect: ${kind} index out of range`);
    return typeof container === "string" ? BigInt(container.charCodeAt(at)) : container[at];
  }
  if (!isObject(container)) throw new Error(`can't index item of type ${typeName(container)}`);
  if (typeof key !== "string") throw new Error(`value has type ${typeName(key)}; should be string`);
  return Object.hasOwn(container, key) ? container[key] : (container as { [GO_ZERO]?: unknown })[GO_ZERO];
}

function slice(item: unknown, ...indexes: unknown[]): unknown {
  if (item === null || item === undefined) throw new Error("slice of untyped nil");
  if (typeof item !== "string" && !Array.isArray(item))
    throw new Error(`can't slice item of type ${typeName(item)}`);
  const bounds = indexes.map((index) => {
    if (!isInteger(index)) throw new Error(`cannot index slice/array with type ${typeName(index)}`);
    const at = Number(index);
    if (at < 0 || at > item.length) throw new Error(`index out of range: ${at}`);
    return at;
  });
  const [from = 0, to = item.length] = bounds;
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return item.slice(from, to);
}

function length(item: unknown): bigint {
  if (typeof item === "string") return BigInt(Buffer.byteLength(item));
  if (Array.isArray(item)) return BigInt(item.length);
  if (isObject(item) && !(GO_TYPE in item)) return BigInt(Object.keys(item).length);
  if (item === null || item === undefined) throw new Error("len of nil pointer");
  throw new Error(`len of type ${typeName(item)}`);
}

/** Operands side by side, a space between two of which neither is a string. Source: Go's `fmt.Sprint`. */
function print(...args: unknown[]): string {
  let text = "";
  for (const [index, arg] of args.entries()) {
    const spaced = index > 0 && typeof arg !== "string" && typeof args[index - 1] !== "string";
    text += (spaced ? " " : "") + formatValue(arg);
  }
  return text;
}

const HTML: Readonly<Record<string, string>> = {
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\0": "\uFFFD",
};

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\n\r\t\u0000-\u001f\u2028\u2029]/g, (char) => {
    if (char === "\\" || char === "'" || char === '"') return `\\${char}`;
    const short = ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" } as Record<string, string>)[char];
    return short ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** The functions that every Go template has. `and` and `or` stop early and `call` names what it got: see the evaluator. */
export const BUILTIN_FUNCTIONS: Functions = {
  call: () => undefined,
  and: (...args) => args.find((arg) => !isTruthy(arg)) ?? args.at(-1),
  or: (...args) => args.find(isTruthy) ?? args.at(-1),
  not: (arg) => !isTruthy(arg),
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error("missing argument for comparison");
    return others.some((other) => equal(first, other));
  },
  ne: (a, b) => !equal(a, b),
  lt: less,
  le: (a, b) => less(a, b) || equal(a, b),
  gt: (a, b) => !(less(a, b) || equal(a, b)),
  ge: (a, b) => !less(a, b),
  index: (container, ...keys) => keys.reduce(indexOne, container),
  slice,
  len: length,
  print,
  printf: (format, ...args) => sprintf(String(format), args),
  println: (...args) => `${args.map((arg) => formatValue(arg)).join(" ")}\n`,
  html: (...args) => print(...args).replace(/["'&<>\0]/g, (char) => HTML[char]!),
  js: (...args) => escapeJs(print(...args)),
  urlquery: (...args) => escapeQuery(print(...args)),
};

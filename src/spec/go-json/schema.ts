import { invalidArgument } from "../../base/errors.ts";

/**
 * Reads JSON bodies into the shapes that the engine expects, the way Go's decoder does it for docker: names of fields
 * match in any case, unknown fields are dropped, `null` is the same as a field left out, and a wrong type is refused
 * with the field's name.
 */
export interface Schema {
  /** Go's name of the type, for messages. */
  readonly type: string;
  /** The value in its shape; undefined leaves the field out. `field` is the path so far. */
  read(value: unknown, field: string): unknown;
}

const INT64_LIMIT = 2 ** 63;

function kindOfJson(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

function refuse(value: unknown, field: string, type: string): never {
  const shown =
    typeof value === "number" && /^u?int|^float/.test(type) ? `number ${value}` : kindOfJson(value);
  const where = field === "" ? "Go value" : `Go struct field ${field}`;
  throw invalidArgument(`invalid JSON: json: cannot unmarshal ${shown} into ${where} of type ${type}`);
}

function scalar(type: string, fits: (value: unknown) => boolean): Schema {
  return {
    type,
    read: (value, field) => (fits(value) ? value : refuse(value, field, type)),
  };
}

export const string = scalar("string", (value) => typeof value === "string");
export const bool = scalar("bool", (value) => typeof value === "boolean");
export const int64 = scalar(
  "int64",
  (value) => Number.isInteger(value) && Math.abs(value as number) <= INT64_LIMIT,
);
export const uint = scalar("uint", (value) => Number.isInteger(value) && (value as number) >= 0);
/** Kept as it is. */
export const any: Schema = { type: "interface {}", read: (value) => value };

export function list(item: Schema): Schema {
  const type = `[]${item.type}`;
  return {
    type,
    read: (value, field) => {
      if (!Array.isArray(value)) return refuse(value, field, type);
      return value.map((entry) => (entry === null ? zeroOf(item) : item.read(entry, field)));
    },
  };
}

/** A list of strings that may be written as one string. */
export const stringOrList: Schema = {
  type: "[]string",
  read: (value, field) => (typeof value === "string" ? [value] : list(string).read(value, field)),
};

/** A number of a fixed length list, such as `[height, width]`. */
export function tuple(item: Schema, length: number): Schema {
  const inner = list(item);
  return {
    type: `[${length}]${item.type}`,
    read: (value, field) => {
      const entries = inner.read(value, field) as unknown[];
      return Array.from({ length }, (_, at) => entries[at] ?? 0);
    },
  };
}

/** Values by name. `nulls` keeps null values, which tell something of their own (an exposed port that is not published). */
export function map(item: Schema, options: { readonly nulls?: boolean } = {}): Schema {
  const type = `map[string]${item.type}`;
  return {
    type,
    read: (value, field) => {
      if (kindOfJson(value) !== "object") return refuse(value, field, type);
      const entries: Array<[string, unknown]> = [];
      for (const [name, entry] of Object.entries(value as object)) {
        if (entry !== null) entries.push([name, item.read(entry, field)]);
        else entries.push([name, options.nulls ? null : zeroOf(item)]);
      }
      return Object.fromEntries(entries);
    },
  };
}

export function struct(name: string, fields: Readonly<Record<string, Schema>>): Schema {
  const names = new Map(Object.keys(fields).map((field) => [field.toLowerCase(), field]));
  return {
    type: name,
    read: (value, field) => {
      if (kindOfJson(value) !== "object") return refuse(value, field, name);
      const result: Record<string, unknown> = {};
      for (const [given, entry] of Object.entries(value as object)) {
        const known = Object.hasOwn(fields, given) ? given : names.get(given.toLowerCase());
        if (known === undefined || entry === null) continue;
        result[known] = fields[known]!.read(entry, `${field === "" ? name : field}.${known}`);
      }
      return result;
    },
  };
}

function zeroOf(schema: Schema): unknown {
  if (schema.type === "string") return "";
  if (schema.type === "bool") return false;
  if (schema.type.startsWith("[]")) return [];
  return /^u?int/.test(schema.type) ? 0 : {};
}

/** A body in the shape of `schema`; an absent body and `null` have no fields. Errors: invalidArgument. */
export function readBody<T>(schema: Schema, body: unknown): T {
  return (body === undefined || body === null ? {} : schema.read(body, "")) as T;
}

import { goDuration, goTime } from "./go-time.ts";
import { formatValue, GO_TEXT, GO_TYPE, GO_ZERO, type Printing, typeName } from "./values.ts";

/** A type of Go as far as templates can tell. `any` is whatever JSON brings. */
export type GoType =
  | { readonly kind: "scalar"; readonly zero: unknown }
  | { readonly kind: "any" | "time" | "duration" }
  | { readonly kind: "pointer" | "list" | "map"; readonly of: GoType }
  | { readonly kind: "struct"; readonly name: string };

interface GoField {
  readonly name: string;
  readonly jsonName: string;
  readonly type: GoType;
  /** Its own fields count as the holder's too, in JSON as well. */
  readonly isEmbedded: boolean;
}

interface GoStruct {
  readonly name: string;
  readonly fields: readonly GoField[];
  /** What its `String` method gives, with the fields' names in braces. */
  readonly text: string | undefined;
}

/** Structs by their names. */
export type GoStructs = ReadonlyMap<string, GoStruct>;

const SCALARS: Readonly<Record<string, GoType>> = {
  string: { kind: "scalar", zero: "" },
  bool: { kind: "scalar", zero: false },
  int: { kind: "scalar", zero: 0 },
  any: { kind: "any" },
  time: { kind: "time" },
  duration: { kind: "duration" },
  // Text in JSON.
  bytes: { kind: "scalar", zero: asNil([]) },
};

const PREFIXES = [
  ["*", "pointer"],
  ["[]", "list"],
  ["map[]", "map"],
] as const;

function parseType(text: string): GoType {
  for (const [prefix, kind] of PREFIXES)
    if (text.startsWith(prefix)) return { kind, of: parseType(text.slice(prefix.length)) };
  return SCALARS[text] ?? { kind: "struct", name: text };
}

function parseField(line: string): GoField {
  const [first = "", second] = line.split(" ");
  if (second === undefined) {
    const name = /\w*$/.exec(first)![0];
    return { name, jsonName: name, type: parseType(first), isEmbedded: true };
  }
  const [name = "", jsonName = name] = first.split("=");
  return { name, jsonName, type: parseType(second), isEmbedded: false };
}

/**
 * Structs from their declarations: a name at the start of a line, with what `String` gives where there is such a method;
 * below it, indented, each field as `Name type`, `Name=json type` where JSON calls it otherwise, or only a type where it
 * is embedded. Types are `string`, `bool`, `int`, `time`, `duration`, `bytes`, `any`, names of structs, and with `*`, `[]` or `map[]` before them
 * what these are in Go.
 */
export function parseGoStructs(text: string): GoStructs {
  const blocks = text.trim().split(/\n(?=\S)/);
  return new Map(
    blocks.map((block) => {
      const [head = "", ...fields] = block.split("\n");
      const [name = "", ...printed] = head.split(" ");
      const struct: GoStruct = {
        name,
        fields: fields.map((line) => parseField(line.trim())),
        text: printed.length > 0 ? printed.join(" ") : undefined,
      };
      return [name, struct];
    }),
  );
}

type Fields = Record<string | symbol, unknown>;

/**
 * What Go has after it read `json` into a struct of that type, a name or `*name`, as templates see it: every field is there, under
 * its name in Go and with its zero value where JSON has nothing. As JSON it is what it was.
 */
export function readIntoStruct(json: unknown, type: string, structs: GoStructs): unknown {
  return new Reader(structs).read(json, parseType(type));
}

class Reader {
  readonly #structs: GoStructs;
  #pointers = 0;

  constructor(structs: GoStructs) {
    this.#structs = structs;
  }

  read(json: unknown, type: GoType): unknown {
    const isNull = json === undefined || json === null;
    switch (type.kind) {
      case "scalar":
        return isNull ? type.zero : json;
      case "any":
        return json ?? undefined;
      case "time":
        return goTime(isNull ? undefined : String(json));
      case "duration":
        return goDuration(isNull ? 0 : Number(json));
      case "pointer":
        if (isNull) return null;
        return type.of.kind === "struct" ? this.#struct(json, type.of.name, true) : this.#box(json);
      case "list":
        if (isNull) return asNil([]);
        return (json as unknown[]).map((item) => this.read(item, type.of));
      case "map":
        return this.#map(json as Fields | null | undefined, type.of);
      case "struct":
        return this.#struct(json, type.name, false);
    }
  }

  #map(json: Fields | null | undefined, of: GoType): object {
    const entries = Object.entries(json ?? {}).map(([key, value]) => [key, this.read(value, of)] as const);
    const map: Fields = Object.fromEntries(entries);
    hide(map, GO_ZERO, this.read(undefined, of));
    return json ? map : asNil(map);
  }

  #struct(json: unknown, name: string, isPointer: boolean): object {
    const declared = this.#structs.get(name)!;
    const source = (json ?? {}) as Fields;
    const struct: Fields = {};
    hide(struct, GO_TYPE, isPointer ? `*${name}` : name);
    for (const field of declared.fields) {
      if (field.isEmbedded) this.#embed(struct, source, field);
      else struct[field.name] = this.read(source[field.jsonName], field.type);
    }
    hide(struct, "toJSON", () => json);
    hide(struct, GO_TEXT, this.#printer(struct, declared, isPointer));
    return struct;
  }

  #embed(struct: Fields, source: Fields, { name, type }: GoField): void {
    const part = this.read(source, type) as Fields;
    struct[name] = part;
    for (const promoted of Object.getOwnPropertyNames(part))
      if (!Object.hasOwn(struct, promoted)) hide(struct, promoted, part[promoted]);
    const own = this.#structs.get((part[GO_TYPE] as string).replace("*", ""))!.fields;
    const written = own.map(({ jsonName }) => [jsonName, source[jsonName]]);
    hide(part, "toJSON", () => Object.fromEntries(written));
  }

  #printer(struct: Fields, { text }: GoStruct, isPointer: boolean): (printing: Printing) => string {
    if (text !== undefined)
      return () => text.replace(/\{(\w+)\}/g, (_, field: string) => formatValue(struct[field]));
    const values = () => `{${Object.values(struct).map(formatPart).join(" ")}}`;
    if (!isPointer) return values;
    const address = this.#address();
    return (printing) => (printing === "part" ? address : `${printing === "value" ? "&" : ""}${values()}`);
  }

  /** A pointer to what is no struct. */
  #box(json: unknown): object {
    const address = this.#address();
    const box = hide({}, GO_TYPE, `*${typeName(json)}`);
    hide(box, "toJSON", () => json);
    return hide(box, GO_TEXT, (printing: Printing) => (printing === "action" ? formatValue(json) : address));
  }

  #address(): string {
    this.#pointers += 0x40;
    return `0xc${this.#pointers.toString(16).padStart(9, "0")}`;
  }
}

function formatPart(value: unknown): string {
  return formatValue(value, "part");
}

/** Empty to whoever goes through it, `null` as JSON. */
function asNil<T extends object>(empty: T): T {
  return hide(empty, "toJSON", () => null);
}

function hide<T extends object>(object: T, key: string | symbol, value: unknown): T {
  return Object.defineProperty(object, key, { value, enumerable: false, configurable: true });
}

import type { Reviver } from "./json-stream.ts";

/** Members of these names become bigints, with digits that a double does not hold; everything else is as it was. */
export function exactIntegers(...names: readonly string[]): Reviver {
  return (name, value, { source }) =>
    names.includes(name) && typeof value === "number" && source !== undefined ? BigInt(source) : value;
}

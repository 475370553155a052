import { invalidArgument } from "../../base/errors.ts";

/**
 * The filters that a query parameter spells, as `{"label":{"a=b":true}}` or, as old clients do, `{"label":["a=b"]}`.
 * Errors: invalidArgument for what is neither, and for a name that is not in `accepted` (undefined accepts any).
 */
export function parseFilters(text: string, accepted?: ReadonlySet<string>): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  if (text === "") return filters;
  const given = parseObject(text);
  for (const [name, values] of Object.entries(given)) {
    if (accepted && !accepted.has(name)) throw invalidArgument(`invalid filter '${name}'`);
    filters.set(name, valuesOf(values));
  }
  return filters;
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidArgument("invalid filter", { cause });
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalidArgument("invalid filter");
  return value;
}

function valuesOf(values: unknown): string[] {
  if (values === null) return [];
  if (Array.isArray(values)) {
    if (values.every((value) => typeof value === "string")) return values;
  } else if (typeof values === "object") {
    if (Object.values(values as object).every((value) => typeof value === "boolean" || value === null)) {
      return Object.keys(values as object);
    }
  }
  throw invalidArgument("invalid filter");
}

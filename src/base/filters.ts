import { invalidArgument } from "./errors.ts";

/** Filters of a list, prune or events request: the values asked for under each name. Names were checked by whoever parsed them. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Whether `value` is among the values asked for under `name`, or nothing is asked for there. */
export function matchesExactly(filters: Filters, name: string, value: string): boolean {
  const wanted = filters.get(name);
  return !wanted || wanted.length === 0 || wanted.includes(value);
}

/**
 * What is asked for under a name that says yes or no; undefined where nothing is. Errors: invalidArgument where neither is said,
 * or both. Source: moby, api/types/filters, GetBoolOrDefault.
 */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name) ?? [];
  if (values.length === 0) return undefined;
  const isTrue = values.includes("1") || values.includes("true");
  const isFalse = values.includes("0") || values.includes("false");
  if (isTrue === isFalse) throw invalidArgument(`invalid filter '${name}=[${values.join(" ")}]'`);
  return isTrue;
}

/** As `matchesExactly` with each wanted value taken for a regular expression, or for a plain text where it is none. */
export function matchesPattern(filters: Filters, name: string, value: string): boolean {
  const wanted = filters.get(name);
  if (!wanted || wanted.length === 0) return true;
  return wanted.some((pattern) => {
    if (pattern === value) return true;
    try {
      return new RegExp(pattern).test(value);
    } catch {
      // Not a regular expression: it can only match as it stands, and that was tried.
      return false;
    }
  });
}

/** Whether `labels` has every label asked for under `name`, each `key` or `key=value`. */
export function matchesLabels(
  filters: Filters,
  name: string,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  return (filters.get(name) ?? []).every((wanted) => {
    const equals = wanted.indexOf("=");
    if (equals < 0) return labels?.[wanted] !== undefined;
    return labels?.[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  });
}

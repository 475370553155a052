import type { Functions } from "./builtin-functions.ts";
import { toGoJson } from "./go-json.ts";
import { typeName } from "./values.ts";

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
}

/** First letter of each word in upper case. Source: Go's `strings.Title`. */
function title(value: unknown): string {
  return text(value).replace(
    /(^|[^\p{L}\p{Nd}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

/**
 * The functions that docker's `--format` adds.
 * Source: docs.docker.com, "Format command and log output".
 */
export const DOCKER_FUNCTIONS: Functions = {
  json: (value) => toGoJson(value, "", false),
  split: (value, separator) => text(value).split(text(separator)),
  join: (values, separator) => ((values ?? []) as unknown[]).map(text).join(text(separator)),
  title,
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  pad: (value, before, after) =>
    text(value) === "" ? "" : " ".repeat(Number(before)) + value + " ".repeat(Number(after)),
  truncate: (value, length) =>
    text(value).length < Number(length) ? value : text(value).slice(0, Number(length)),
};

/** What the functions become in the line of a table's headers: they leave a header as it is. */
export const HEADER_FUNCTIONS: Functions = {
  ...DOCKER_FUNCTIONS,
  json: (value) => value,
  title: (value) => value,
  lower: (value) => value,
  upper: (value) => value,
  truncate: (value) => value,
};

import { invalidArgument } from "../../base/errors.ts";

/** Largest manifest, index or config that is read. Source: OCI distribution-spec v1.1, "Pushing Manifests" (4 MiB). */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
/** Deepest nesting of a document. Real ones need fewer than ten levels. */
const MAX_DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON object in `bytes`.
 * Errors: invalidArgument for what is too large, not UTF-8, not JSON, too deep, not an object, or carries a key twice at
 * its top level (two readers could then see two different documents).
 */
export function parseDocument(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.byteLength > MAX_DOCUMENT_BYTES) {
    throw invalidArgument(`${what} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    refuseAmbiguousText(text, what);
    value = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) {
      throw invalidArgument(`${what} is not valid JSON`, { cause });
    }
    throw cause;
  }
  return objectOf(value, what);
}

/** Scans before parsing, so that neither depth nor a repeated key reaches the parser. Strings are skipped whole. */
function refuseAmbiguousText(text: string, what: string): void {
  let depth = 0;
  const topKeys = new Set<string>();
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) throw invalidArgument(`${what} is nested too deeply`);
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === 0x22) {
      const end = endOfString(text, at);
      if (depth === 1 && /^\s*:/.test(text.slice(end + 1, end + 64))) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        // Go's decoder, which most other readers use, takes `Layers` for `layers`.
        const folded = key.toLowerCase();
        if (topKeys.has(folded)) {
          throw invalidArgument(`${what} has more than one ${JSON.stringify(folded)} field`);
        }
        topKeys.add(folded);
      }
      at = end;
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  throw new SyntaxError("unterminated string");
}

/** `value` as an object. Errors: invalidArgument. */
export function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidArgument(`${what} is not a JSON object`);
  }
  return value as JsonObject;
}

/** `value` as a list of at most `limit` entries; an absent one is empty. Errors: invalidArgument. */
export function listOf(value: unknown, what: string, limit: number): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidArgument(`${what} is not a list`);
  if (value.length > limit) throw invalidArgument(`${what} has more than ${limit} entries`);
  return value;
}

/** `value` as a text; an absent one is undefined. Errors: invalidArgument. */
export function textOf(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalidArgument(`${what} is not a string`);
  return value;
}

/** `value` as a list of texts; an absent one is undefined. Errors: invalidArgument. */
export function textsOf(value: unknown, what: string, limit = 65536): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return listOf(value, what, limit).map((entry) => textOf(entry, what) ?? "");
}

/** `value` as a map of texts; an absent one is undefined. Errors: invalidArgument. */
export function textMapOf(value: unknown, what: string): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(objectOf(value, what));
  // `__proto__` as a plain key must stay data.
  return Object.fromEntries(entries.map(([key, entry]) => [key, textOf(entry, `${what}[${key}]`) ?? ""]));
}

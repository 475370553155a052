const HTML_SAFE: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** A value as Go's `encoding/json` writes it, without a line's end. `escapeHtml` is its default. */
export function toGoJson(value: unknown, indent = "", escapeHtml = true): string {
  const text = JSON.stringify(
    value ?? null,
    (_, item: unknown) => (typeof item === "bigint" ? rawJson(item) : item),
    indent,
  );
  return escapeHtml ? text.replace(/[<>&\u2028\u2029]/g, (char) => HTML_SAFE[char]!) : text;
}

/** An integer in full. Both runtimes have the function; the language's types do not know it yet. */
function rawJson(value: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.toString());
}

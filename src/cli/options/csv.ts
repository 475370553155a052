/** The fields of one line of comma-separated values; a field in double quotes may hold commas. Source: RFC 4180. */
export function splitCsv(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const [field, end] = text[at] === '"' ? quoted(text, at) : bare(text, at);
    fields.push(field);
    if (end >= text.length) return fields;
    at = end + 1;
  }
}

function bare(text: string, start: number): [field: string, end: number] {
  const comma = text.indexOf(",", start);
  const end = comma < 0 ? text.length : comma;
  const field = text.slice(start, end);
  if (field.includes('"'))
    throw new Error(
      `parse error on line 1, column ${start + field.indexOf('"') + 1}: bare " in non-quoted-field`,
    );
  return [field, end];
}

function quoted(text: string, start: number): [field: string, end: number] {
  let field = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') field += text[at];
    else if (text[at + 1] === '"') field += text[at++];
    else if (at + 1 === text.length || text[at + 1] === ",") return [field, at + 1];
    else break;
  }
  throw new Error(
    `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
  );
}

import { invalidHeader } from "./tar-header.ts";

const TEXT_KEYS = new Set(["path", "linkpath", "uname", "gname"]);

/**
 * The records of a PAX extended header in their order, keys and values as byte strings. An empty value takes back what
 * the plain header says. Errors: invalidArgument.
 * Source: POSIX.1-2024, pax, "pax Extended Header".
 */
export function parsePaxRecords(body: Buffer): Array<readonly [key: string, value: string]> {
  const records: Array<readonly [string, string]> = [];
  for (let start = 0; start < body.length; ) {
    const blank = body.indexOf(32, start);
    const digits = blank < 0 ? "" : body.toString("latin1", start, blank);
    if (!/^[0-9]{1,9}$/.test(digits)) throw invalidHeader("a record has no length");
    const end = start + Number(digits);
    if (end > body.length || end <= blank || body[end - 1] !== 10)
      throw invalidHeader("a record has a wrong length");
    const equals = body.indexOf(61, blank);
    if (equals < 0 || equals >= end || equals === blank + 1) throw invalidHeader("a record has no key");
    const key = body.toString("latin1", blank + 1, equals);
    const value = body.toString("latin1", equals + 1, end - 1);
    if (key.includes("\0") || (TEXT_KEYS.has(key) && value.includes("\0")))
      throw invalidHeader("a name holds NUL");
    records.push([key, value]);
    start = end;
  }
  return records;
}

/** Seconds and nanoseconds of a PAX time such as `-1.5`. Errors: invalidArgument. */
export function parsePaxTime(text: string): { readonly seconds: number; readonly nanoseconds: number } {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (!match) throw invalidHeader("a time is no number");
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? "").slice(0, 9).padEnd(9, "0"));
  if (match[1] === "") return { seconds, nanoseconds };
  // Before the epoch: whole seconds count down, nanoseconds go on counting up.
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

/** One record as it stands in an extended header. */
export function formatPaxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = body.length;
  // The length counts its own digits.
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return length + body;
}

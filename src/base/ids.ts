import { randomBytes } from "node:crypto";

/** A new id of a container, exec, network or event source: 64 lower-case hexadecimal digits. */
export function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString("hex");
    // An id whose short form is a number could be mistaken for one where ids and numbers meet (a DNS label, say).
    if (!/^[0-9]+$/.test(id.slice(0, 12))) return id;
  }
}

/** The first twelve digits of an id, the algorithm of a digest left out: what tables and host names show. */
export function shortId(id: string): string {
  const colon = id.indexOf(":");
  return id.slice(colon + 1, colon + 13);
}

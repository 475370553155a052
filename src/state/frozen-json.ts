/** The value that `json` spells, frozen all the way down, so that it can be shared. */
export function parseFrozen<T>(json: string): T {
  return freeze(JSON.parse(json)) as T;
}

function freeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}

const ALL = "ALL";

function normalize(name: string): string {
  const upper = name.trim().toUpperCase();
  return upper === ALL || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

function merge(names: readonly string[]): string[] {
  const unique = [...new Set(names.map(normalize))].sort();
  return unique.includes(ALL) ? [ALL] : unique;
}

/** Capabilities in the form `CAP_NAME`, each once and in order; one that is added is not dropped. */
export function capabilities(
  add: readonly string[],
  drop: readonly string[],
): { readonly CapAdd: string[] | null; readonly CapDrop: string[] | null } {
  const added = merge(add);
  const dropped = merge(drop).filter((name) => !added.includes(name));
  return { CapAdd: added.length === 0 ? null : added, CapDrop: dropped.length === 0 ? null : dropped };
}

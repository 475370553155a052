/** API versions at which something changed, or that clients pin. */
export const VERSIONS = ["1.24", "1.40", "1.41", "1.43", "1.44", "1.51", "1.52", "1.55"];

/** `old` for the versions below `version`, `current` for the others; compared with answers of every shape. */
// biome-ignore lint/suspicious/noExplicitAny: the expectations' types differ from case to case
export function since(version: string, old: unknown, current: unknown): any[] {
  return VERSIONS.map((each) => (Number(each) < Number(version) ? old : current));
}

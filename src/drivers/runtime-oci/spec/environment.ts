/** Where programs are looked for unless the image says otherwise. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function nameOf(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

/**
 * `base` with each entry of `changes` in place of the one of that name, or after it. An entry without `=` takes the
 * variable away.
 */
export function mergeEnvironment(base: readonly string[], changes: readonly string[]): string[] {
  const merged = new Map(base.map((entry) => [nameOf(entry), entry]));
  for (const entry of changes) {
    if (entry.includes("=")) merged.set(nameOf(entry), entry);
    else merged.delete(entry);
  }
  return [...merged.values()];
}

/** The environment of a container's first process, in docker's order. */
export function buildEnvironment(
  hostname: string,
  tty: boolean,
  variables: readonly string[] | null | undefined,
): string[] {
  const base = [DEFAULT_PATH, `HOSTNAME=${hostname}`];
  if (tty) base.push("TERM=xterm");
  // The runtime fills in the user's home where there is none; runc does so for an empty one too.
  return mergeEnvironment(base, variables ?? []).filter((entry) => entry !== "HOME=");
}

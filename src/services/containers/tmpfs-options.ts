import { invalidArgument } from "../../base/errors.ts";
import type { TmpfsOptions } from "../../spec/engine-api/mod.ts";

/** Options that say the same thing one way or the other: of each group the last one given holds. */
const GROUPS: readonly (readonly string[])[] = [
  ["ro", "rw"],
  ["suid", "nosuid"],
  ["dev", "nodev"],
  ["exec", "noexec"],
  ["sync", "async"],
  ["dirsync"],
  ["remount"],
  ["mand", "nomand"],
  ["atime", "noatime"],
  ["diratime", "nodiratime"],
  ["relatime", "norelatime"],
  ["strictatime", "nostrictatime"],
  [
    ...["bind", "rbind", "unbindable", "runbindable", "private", "rprivate"],
    ...["shared", "rshared", "slave", "rslave"],
  ],
];
const DATA = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"];
const DEFAULTS = ["noexec", "nosuid", "nodev", "rprivate"];

/**
 * Mount options of a container's tmpfs: the engine's own, with what `wanted` says otherwise, without repetitions.
 * Errors: invalidArgument for an option that a tmpfs does not take.
 */
export function mergeTmpfsOptions(wanted: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const option of [...DEFAULTS, ...wanted]) {
    if (option === "defaults") continue;
    const key = keyOf(option);
    // Behind all the others: the order in which options are given is the one in which they are made.
    merged.delete(key);
    merged.set(key, option);
  }
  return [...merged.values()];
}

function keyOf(option: string): string {
  const group = GROUPS.find((names) => names.includes(option));
  if (group) return group[0]!;
  const [name, ...value] = option.split("=");
  if (value.length > 0 && DATA.includes(name!)) return name!;
  throw invalidArgument(`invalid tmpfs option ["${option.split(/=(.*)/s, 2).join('" "')}"]`);
}

/** What the API's own form of a tmpfs means as mount options. */
export function tmpfsOptionsOf(options: TmpfsOptions | undefined, readOnly: boolean): string[] {
  const result: string[] = readOnly ? ["ro"] : [];
  if (options?.Mode) result.push(`mode=${options.Mode.toString(8)}`);
  if (options?.SizeBytes) result.push(`size=${withSuffix(options.SizeBytes)}`);
  for (const [name, value] of options?.Options ?? []) {
    result.push(value === undefined ? name! : `${name}=${value}`);
  }
  return result;
}

function withSuffix(sizeBytes: number): string {
  for (const [suffix, unit] of [
    ["g", 2 ** 30],
    ["m", 2 ** 20],
    ["k", 2 ** 10],
  ] as const) {
    if (sizeBytes % unit === 0) return `${sizeBytes / unit}${suffix}`;
  }
  return String(sizeBytes);
}

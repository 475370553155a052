import { readFileSync } from "node:fs";

/** One mount of a mount namespace. Source: proc_pid_mountinfo(5). */
export interface MountRow {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor` of the files in it. */
  readonly device: string;
  /** The directory of the file system that forms this mount's root. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount, `rw`, `nosuid`, `relatime` and so on. */
  readonly options: readonly string[];
  readonly propagation: Propagation;
  /** The peer group, where the mount is shared. */
  readonly peerGroup: number | undefined;
  /** The peer group that events come from, where the mount is a slave. */
  readonly master: number | undefined;
  readonly fsType: string;
  readonly source: string;
  /** Options of the file system as a whole, values included: `size=64k`. */
  readonly superOptions: readonly string[];
}

export type Propagation = "private" | "shared" | "slave" | "unbindable";

function unescapeField(field: string): string {
  if (!field.includes("\\")) return field;
  // The kernel escapes single bytes, so a character of several bytes comes out whole only after joining them.
  const bytes = Buffer.from(field, "utf8")
    .toString("latin1")
    .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function numberOfTag(tags: readonly string[], name: string): number | undefined {
  const tag = tags.find((candidate) => candidate.startsWith(`${name}:`));
  return tag === undefined ? undefined : Number(tag.slice(name.length + 1));
}

function parseRow(line: string): MountRow | undefined {
  const fields = line.split(" ");
  const separator = fields.indexOf("-", 6);
  if (separator < 0) return undefined;
  const tags = fields.slice(6, separator);
  const peerGroup = numberOfTag(tags, "shared");
  const master = numberOfTag(tags, "master");
  let propagation: Propagation = "private";
  if (tags.includes("unbindable")) propagation = "unbindable";
  else if (peerGroup !== undefined) propagation = "shared";
  else if (master !== undefined) propagation = "slave";
  return {
    id: Number(fields[0]),
    parentId: Number(fields[1]),
    device: fields[2]!,
    root: unescapeField(fields[3]!),
    mountPoint: unescapeField(fields[4]!),
    options: fields[5]!.split(","),
    propagation,
    peerGroup,
    master,
    fsType: unescapeField(fields[separator + 1] ?? ""),
    source: unescapeField(fields[separator + 2] ?? ""),
    superOptions: unescapeField(fields[separator + 3] ?? "").split(","),
  };
}

/** The rows of a mountinfo file in its order: a later row with the same mount point covers an earlier one. */
export function parseMountInfo(text: string): MountRow[] {
  const rows: MountRow[] = [];
  for (const line of text.split("\n")) {
    const row = parseRow(line);
    if (row) rows.push(row);
  }
  return rows;
}

/** The mounts that this process (or the process `pid`) sees. */
export function readMountInfo(pid: number | "self" = "self"): MountRow[] {
  return parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
}

/** The uppermost mount exactly at `path`, which must be free of symbolic links; undefined where nothing is mounted. */
export function findMountAt(path: string, rows: readonly MountRow[] = readMountInfo()): MountRow | undefined {
  return rows.findLast((row) => row.mountPoint === path);
}

/** The mount that a path without symbolic links lies in: the uppermost one at its longest mounted prefix. */
export function findMountOf(path: string, rows: readonly MountRow[] = readMountInfo()): MountRow | undefined {
  let best: MountRow | undefined;
  for (const row of rows) {
    const inside = row.mountPoint === "/" || path === row.mountPoint || path.startsWith(`${row.mountPoint}/`);
    if (inside && row.mountPoint.length >= (best?.mountPoint.length ?? 0)) best = row;
  }
  return best;
}

/** Mount points at or below `directory`, deepest last mounted first: the order in which they can be unmounted. */
export function mountPointsBelow(directory: string, rows: readonly MountRow[] = readMountInfo()): string[] {
  const prefix = directory === "/" ? "/" : `${directory}/`;
  return rows
    .map((row) => row.mountPoint)
    .filter((point) => point === directory || point.startsWith(prefix))
    .reverse();
}

import { type EngineError, invalidArgument } from "../../base/errors.ts";
import type { RootDir } from "../../os/linux/root-dir.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { RuntimeUser } from "../../spec/oci-runtime/mod.ts";

/** Who a container's process runs as, and where that user's home is. */
export interface ResolvedUser {
  readonly user: RuntimeUser & { readonly additionalGids: number[] };
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const MAX_ID = 2 ** 31 - 1;
const OUT_OF_RANGE = `uids and gids must be in range 0-${MAX_ID}`;

function* rows(text: string, fields: number): Generator<string[]> {
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const parts = trimmed.split(":");
    while (parts.length < fields) parts.push("");
    yield parts;
  }
}

/** The rows of a passwd file. Source: passwd(5). */
export function parsePasswd(text: string): PasswdEntry[] {
  return [...rows(text, 7)].map(([name, , uid, gid, , home]) => ({
    name: name!,
    uid: Number(uid),
    gid: Number(gid),
    home: home!,
  }));
}

/** The rows of a group file. Source: group(5). */
export function parseGroup(text: string): GroupEntry[] {
  return [...rows(text, 4)].map(([name, , gid, members]) => ({
    name: name!,
    gid: Number(gid),
    members: members!.split(",").filter((member) => member !== ""),
  }));
}

/** A number as user names may be written; undefined for a name. Errors: invalidArgument out of range. */
function parseId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > MAX_ID) throw invalidArgument(OUT_OF_RANGE);
  return id;
}

interface Databases {
  readonly passwd: readonly PasswdEntry[];
  readonly groups: readonly GroupEntry[];
}

function findUser(text: string, passwd: readonly PasswdEntry[]): PasswdEntry {
  // A row of that name comes before the number, also where the name looks like one.
  const named = passwd.find((entry) => entry.name === text);
  if (named) return named;
  const uid = parseId(text);
  if (uid === undefined)
    throw invalidArgument(`unable to find user ${text}: no matching entries in passwd file`);
  return passwd.find((entry) => entry.uid === uid) ?? { name: "", uid, gid: 0, home: "/" };
}

function findGroup(text: string, groups: readonly GroupEntry[]): number {
  const named = groups.find((entry) => entry.name === text);
  if (named) return named.gid;
  const gid = parseId(text);
  if (gid === undefined) throw noSuchGroup(text);
  return gid;
}

function noSuchGroup(name: string): EngineError {
  return invalidArgument(`unable to find group ${name}: no matching entries in group file`);
}

/**
 * Who `spec` (`name`, `uid`, `name:group`, `uid:gid`, empty for root) is in those databases. `groupAdd`: groups beside,
 * by name or number. A named user without a group of its own is in its supplementary groups too.
 * Errors: invalidArgument with docker's texts.
 */
export function findInDatabases(
  spec: string,
  groupAdd: readonly string[],
  { passwd, groups }: Databases,
): ResolvedUser {
  const colon = spec.indexOf(":");
  const userPart = colon < 0 ? spec : spec.slice(0, colon);
  const groupPart = colon < 0 ? "" : spec.slice(colon + 1);
  const user = findUser(userPart === "" ? "0" : userPart, passwd);
  const gid = groupPart === "" ? user.gid : findGroup(groupPart, groups);
  for (const id of [user.uid, gid]) {
    if (!Number.isInteger(id) || id < 0 || id > MAX_ID) throw invalidArgument(OUT_OF_RANGE);
  }
  const supplementary =
    groupPart === "" && user.name !== ""
      ? groups.filter((group) => group.members.includes(user.name)).map((group) => group.gid)
      : [];
  const added = groupAdd.map((group) => findGroup(group, groups));
  return {
    user: { uid: user.uid, gid, additionalGids: [...new Set([gid, ...supplementary, ...added])] },
    home: user.home || "/",
  };
}

async function readDatabase(root: RootDir, path: string): Promise<string> {
  try {
    return (await root.readFile(path)).toString("utf8");
  } catch (error) {
    // An image without it has only numbers.
    if (isErrno(error, "ENOENT", "ENOTDIR")) return "";
    throw error;
  }
}

/** Who `spec` is in the container whose root is `root`. Errors as `findInDatabases`. */
export async function resolveUser(
  root: RootDir,
  spec: string,
  groupAdd: readonly string[] = [],
): Promise<ResolvedUser> {
  const [passwd, group] = await Promise.all([
    readDatabase(root, "/etc/passwd"),
    readDatabase(root, "/etc/group"),
  ]);
  return findInDatabases(spec, groupAdd, { passwd: parsePasswd(passwd), groups: parseGroup(group) });
}

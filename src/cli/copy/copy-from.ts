import { lstat, readlink, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { ApiClient } from "../../client/api-client.ts";
import { getContainerArchive, statContainerPath } from "../../client/containers/archive.ts";
import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";
import { copyOutput } from "../streams/demultiplex.ts";
import { isGoDirectory, isGoSymlink, resolveLink } from "./go-mode.ts";
import { type Place, unpackArchive } from "./unpack-archive.ts";

/** How many links a target may be behind. */
const MAX_LINKS = 10;

export interface CopyFromRequest {
  readonly container: string;
  readonly source: string;
  /** A path here, or `-` for stdout. */
  readonly target: string;
  readonly followLink: boolean;
}

/** Copies a path of a container to this machine. */
export async function copyFromContainer(
  cli: Cli,
  client: ApiClient,
  request: CopyFromRequest,
): Promise<void> {
  const { container, target } = request;
  const { source, named } = request.followLink
    ? await follow(client, container, request.source)
    : { source: request.source };
  if (target === "-") {
    const { tar } = await getContainerArchive(client, container, source);
    return await copyOutput(tar, cli.out);
  }
  const path = await followTarget(resolve(target));
  await checkFolder(dirname(path));
  const { stat: info, tar } = await getContainerArchive(client, container, source);
  try {
    const isDirectory = isGoDirectory(info.mode);
    const { root, place } = await placement({ source, named, isDirectory, target, path });
    await unpackArchive(tar, root, place);
  } catch (error) {
    tar.destroy();
    throw error;
  }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new ExitError(1, `invalid output path: directory ${JSON.stringify(folder)} does not exist`);
}

interface Followed {
  readonly source: string;
  /** The name that the copy has all the same. */
  readonly named?: string | undefined;
}

/** What a link in the container points to, as it would be asked for: all of it, a folder's, or what is in a folder. */
async function follow(client: ApiClient, container: string, source: string): Promise<Followed> {
  const info = await statContainerPath(client, container, source).catch(() => undefined);
  if (!info || !isGoSymlink(info.mode)) return { source };
  const target = resolveLink(source, info.linkTarget);
  const ending = /\/\.?$/.exec(source)?.[0] ?? "";
  return { source: `${target}${ending}`, named: ending === "/." ? undefined : basename(source) };
}

/** Where a copy to `path` goes: to what a link there points to, whether or not that is there. */
async function followTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; (await lstat(target).catch(() => undefined))?.isSymbolicLink(); links++) {
    if (links > MAX_LINKS) throw new ExitError(1, `too many symlinks in ${path}`);
    target = resolve(dirname(target), await readlink(target));
  }
  return target;
}

interface CopyToPlace extends Followed {
  readonly isDirectory: boolean;
  /** As it was typed, and in full. */
  readonly target: string;
  readonly path: string;
}

/**
 * Where the entries go. A folder that exists takes the source in, or its content where the source ends in `/.`;
 * otherwise the source takes the target's name.
 */
async function placement(copy: CopyToPlace): Promise<{ root: string; place: Place }> {
  const { source, named, isDirectory, target, path } = copy;
  const found = await stat(path).catch(() => undefined);
  const wantsFolder = /(^|\/)\.?$/.test(target);
  if (!found && wantsFolder && !isDirectory) throw new ExitError(1, "no such directory");
  if (found && !found.isDirectory()) {
    if (isDirectory) throw new ExitError(1, "cannot copy directory");
    if (wantsFolder) throw new ExitError(1, "not a directory");
  }
  const own = found?.isDirectory() ? named : basename(path);
  const root = found?.isDirectory() ? path : dirname(path);
  if (own !== undefined) return { root, place: (name) => [own, ...belowSource(name)].join("/") };
  if (source.endsWith("/.")) return { root, place: (name) => belowSource(name).join("/") || undefined };
  return { root, place: (name) => name };
}

/** The names on the way from the source to an entry: that of the source is in front of it, a dot, or nothing for `/`. */
function belowSource(name: string): string[] {
  return name.split("/").slice(1);
}

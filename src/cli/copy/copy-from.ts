import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { ApiClient } from "../../client/api-client.ts";
import { getContainerArchive, statContainerPath } from "../../client/containers/archive.ts";
import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";
import { copyOutput } from "../streams/demultiplex.ts";
import { isGoDirectory, isGoSymlink, resolveLink } from "./go-mode.ts";
import { lastName } from "./pack-path.ts";
import { type Place, unpackArchive } from "./unpack-archive.ts";

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
  const source = request.followLink ? await followed(client, container, request.source) : request.source;
  if (target === "-") {
    const { tar } = await getContainerArchive(client, container, source);
    return await copyOutput(tar, cli.out);
  }
  const path = resolve(target);
  await checkFolder(dirname(path));
  const { stat: info, tar } = await getContainerArchive(client, container, source);
  try {
    const isDirectory = isGoDirectory(info.mode);
    const { root, place } = await placement(source, isDirectory, target, path);
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

/** What a link in the container points to. */
async function followed(client: ApiClient, container: string, source: string): Promise<string> {
  const info = await statContainerPath(client, container, source).catch(() => undefined);
  return info && isGoSymlink(info.mode) ? resolveLink(source, info.linkTarget) : source;
}

/**
 * Where the entries go. A folder that exists takes the source in, or its content where the source ends in `/.`;
 * otherwise the source takes the target's name.
 */
async function placement(
  source: string,
  isDirectory: boolean,
  target: string,
  path: string,
): Promise<{ root: string; place: Place }> {
  const found = await stat(path).catch(() => undefined);
  const wantsFolder = /(^|\/)\.?$/.test(target);
  if (!found && wantsFolder && !isDirectory) throw new ExitError(1, "no such directory");
  if (found && !found.isDirectory()) {
    if (isDirectory) throw new ExitError(1, "cannot copy directory");
    if (wantsFolder) throw new ExitError(1, "not a directory");
  }
  const contentOnly = source.endsWith("/.");
  if (found?.isDirectory() && !contentOnly) return { root: path, place: (name) => name };
  if (found?.isDirectory()) return { root: path, place: (name) => restOf(name, lastName(source)) };
  const own = basename(path);
  return { root: dirname(path), place: (name) => rename(name, own) };
}

/** A name in the archive under another first name. */
function rename(name: string, first: string): string {
  return [
    first,
    ...name
      .replace(/^\.?\//, "")
      .split("/")
      .slice(1),
  ].join("/");
}

/** A name in the archive below its first one; the first one itself is the target, which is there. */
function restOf(name: string, first: string): string | undefined {
  const names = name.replace(/^\.\//, "").split("/");
  if (names[0] === first || names[0] === ".") names.shift();
  const rest = names.join("/");
  return rest === "" ? undefined : rest;
}

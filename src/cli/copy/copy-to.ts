import { lstat, stat } from "node:fs/promises";
import { posix, resolve } from "node:path";
import { isKind } from "../../base/errors.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { putContainerArchive, statContainerPath } from "../../client/containers/archive.ts";
import type { PathStat } from "../../spec/engine-api/mod.ts";
import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";
import { isGoDirectory, isGoSymlink, resolveLink } from "./go-mode.ts";
import { lastName, packPath } from "./pack-path.ts";

export interface CopyToRequest {
  /** A path here, or `-` for a tar on stdin. */
  readonly source: string;
  readonly container: string;
  readonly target: string;
  readonly followLink: boolean;
  readonly copyUidGid: boolean;
}

interface Target {
  readonly path: string;
  readonly info: PathStat | undefined;
}

/** Copies a path of this machine, or a tar, into a container. */
export async function copyToContainer(cli: Cli, client: ApiClient, request: CopyToRequest): Promise<void> {
  const { container, copyUidGid } = request;
  const options = { noOverwriteDirNonDir: true, copyUidGid };
  const target = await findTarget(client, container, request.target);
  const targetIsFolder = target.info !== undefined && isGoDirectory(target.info.mode);
  if (request.source === "-") {
    if (!targetIsFolder)
      throw new ExitError(1, `destination "${container}:${request.target}" must be a directory`);
    return await putContainerArchive(client, container, target.path, cli.stdin, options);
  }
  const source = resolve(request.source);
  const isFolder = await isSourceFolder(request.source, source, request.followLink);
  const { folder, name } = place(request, target, isFolder, targetIsFolder);
  const archive = packPath(source, {
    rename: name,
    followLink: request.followLink || /\/\.?$/.test(request.source),
  });
  await putContainerArchive(client, container, folder, archive, options);
}

async function isSourceFolder(typed: string, path: string, followLink: boolean): Promise<boolean> {
  try {
    const info = await (followLink || /\/\.?$/.test(typed) ? stat(path) : lstat(path));
    if (/\/\.?$/.test(typed) && !info.isDirectory()) throw new ExitError(1, "not a directory");
    return info.isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new ExitError(1, `lstat ${path}: no such file or directory`);
    throw error;
  }
}

/** What is at the target, a link followed once. */
async function findTarget(client: ApiClient, container: string, path: string): Promise<Target> {
  const find = async (at: string): Promise<PathStat | undefined> => {
    try {
      return await statContainerPath(client, container, at);
    } catch (error) {
      if (isKind(error, "notFound") || isKind(error, "invalidArgument")) return undefined;
      throw error;
    }
  };
  const info = await find(path);
  if (!info || !isGoSymlink(info.mode)) return { path, info };
  const linked = resolveLink(path, info.linkTarget);
  return { path: linked, info: await find(linked) };
}

/** The folder to unpack in and the name that the source gets there. */
function place(
  request: CopyToRequest,
  target: Target,
  isFolder: boolean,
  targetIsFolder: boolean,
): { folder: string; name: string } {
  const contentOnly = request.source.endsWith("/.") || request.source === ".";
  if (targetIsFolder)
    return { folder: target.path, name: contentOnly && isFolder ? "." : lastName(resolve(request.source)) };
  const wantsFolder = /(^|\/)\.?$/.test(request.target);
  if (target.info && isFolder) throw new ExitError(1, "cannot copy directory");
  if (target.info && wantsFolder) throw new ExitError(1, "not a directory");
  if (!target.info && wantsFolder && !isFolder) throw new ExitError(1, "no such directory");
  const path = posix.join("/", target.path).replace(/\/+$/, "") || "/";
  return { folder: posix.dirname(path), name: posix.basename(path) };
}

import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { resolveUser } from "../../../drivers/runtime-oci/user.ts";
import { byteString } from "../../../spec/tar/mod.ts";
import { type ContainerParts, isRunning, publishContainerEvent } from "../parts.ts";
import { resolvedPath } from "./container-path.ts";
import { type ContainerRoot, openContainerRoot } from "./container-root.ts";
import { asPathError, notADirectory, readOnlyRootfs, readOnlyVolume } from "./errors.ts";
import type { NamedContainer } from "./stat-path.ts";

export interface PutArchiveOptions {
  /** Refuse to replace a directory by a file or a file by a directory. */
  readonly noOverwriteDirNonDir: boolean;
  /** Give what is extracted the container user's ids. */
  readonly copyUidGid: boolean;
  readonly signal: AbortSignal;
}

/**
 * The members of a tar (plain, gzip or zstd) are in the directory `path` of a container. What was extracted before an
 * error stays. Errors: notFound, invalidArgument (no directory, read-only, broken archive), canceled.
 */
export async function putContainerArchive(
  parts: ContainerParts,
  container: NamedContainer,
  path: string,
  tar: AsyncIterable<Uint8Array>,
  options: PutArchiveOptions,
): Promise<void> {
  await using held = await openContainerRoot(parts, container.id);
  const directory = findDirectory(held, path, container);
  checkWritable(held.record, directory);
  await parts.workers.run(
    "extract",
    {
      root: held.path,
      directory: byteString(directory.slice(1)),
      noOverwriteDirNonDir: options.noOverwriteDirNonDir,
      owner: options.copyUidGid ? await ownerOf(held) : undefined,
    },
    { feed: tar, signal: options.signal },
  );
  publishContainerEvent(parts, held.record, "extract-to-dir");
}

/** The directory that `path` leads to, clean and free of links. */
function findDirectory({ root }: ContainerRoot, path: string, container: NamedContainer): string {
  let resolved: string;
  try {
    resolved = resolvedPath(root, path);
    if (root.stat(resolved).type !== "directory") throw notADirectory();
  } catch (error) {
    throw asPathError(error, path, container.name);
  }
  return resolved.length > 1 ? resolved.replace(/\/\.?$/, "") || "/" : resolved;
}

/** A mount decides for what is in it, the root file system for the rest. */
function checkWritable(record: ContainerRecord, directory: string): void {
  // Parents come before what is mounted inside them; memory is only there while the container runs.
  const mount = record.mounts.findLast(
    ({ type, destination }) =>
      (type !== "tmpfs" || isRunning(record)) &&
      (directory === destination || directory.startsWith(`${destination}/`)),
  );
  if (mount && !mount.readWrite) throw readOnlyVolume();
  if (!mount && record.hostConfig.ReadonlyRootfs) throw readOnlyRootfs();
}

async function ownerOf({ record, root }: ContainerRoot): Promise<{ uid: number; gid: number } | undefined> {
  const spec = record.config.User ?? "";
  if (spec === "") return undefined;
  const { user } = await resolveUser(root, spec);
  return { uid: user.uid, gid: user.gid };
}

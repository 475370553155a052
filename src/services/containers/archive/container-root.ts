import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { conflict } from "../../../base/errors.ts";
import type { ContainerMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { MS, mount, setMountAttributes } from "../../../os/linux/mount.ts";
import { isProcessAlive } from "../../../os/linux/process.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import { type ContainerParts, currentRecord, isRunning } from "../parts.ts";
import { borrowSource, releaseMounts } from "../run/prepare-mounts.ts";
import { filesOf } from "../run/write-files.ts";

/** A container's file system, held for one operation. */
export interface ContainerRoot extends AsyncDisposable {
  readonly record: ContainerRecord;
  readonly root: RootDir;
  /** A path under which this process and its threads reach the root while it is held. */
  readonly path: string;
}

/**
 * The file system of a container as its processes see it; of one that does not run, its root file system with its volumes
 * and binds. A container that does not run cannot be started, removed or opened again until it is given back.
 * After a crash in between, start-up takes the mounts away with those of containers that do not run.
 * Errors: conflict (being removed), notFound.
 */
export async function openContainerRoot(parts: ContainerParts, id: string): Promise<ContainerRoot> {
  for (;;) {
    const running = openRunningRoot(parts, id);
    if (running) return running;
    const turn = await parts.locks.acquire(id);
    const record = currentRecordOr(parts, id, turn);
    if (!isRunning(record)) return await mountRoot(parts, record, turn);
    const started = openRunningRoot(parts, id);
    const ended = started ? undefined : parts.live.nextExit(id);
    turn[Symbol.dispose]();
    if (started) return started;
    // It has ended and its end is not stored yet: the next look tells.
    await ended;
  }
}

function currentRecordOr(parts: ContainerParts, id: string, turn: Disposable): ContainerRecord {
  try {
    const record = currentRecord(parts, id);
    if (record.state.status === "removing" || record.state.status === "dead") {
      throw conflict(`container ${id} is marked for removal`);
    }
    return record;
  } catch (error) {
    turn[Symbol.dispose]();
    throw error;
  }
}

function openRunningRoot(parts: ContainerParts, id: string): ContainerRoot | undefined {
  const record = currentRecord(parts, id);
  const task = parts.live.task(id);
  if (!task || !isRunning(record)) return undefined;
  const { pid, startTicks } = task.handle.process;
  let root: RootDir;
  try {
    root = RootDir.open(`/proc/${pid}/root`);
  } catch (error) {
    // The process has ended and the engine is about to learn of it.
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
  // Looked at after the opening: were it another process by now, the directory would be another container's.
  if (!isProcessAlive(pid, BigInt(startTicks))) {
    root.close();
    return undefined;
  }
  return { record, root, path: pathOf(root), [Symbol.asyncDispose]: async () => root.close() };
}

function pathOf(root: RootDir): string {
  return `/proc/self/fd/${root.fd}`;
}

async function mountRoot(
  parts: ContainerParts,
  record: ContainerRecord,
  turn: Disposable,
): Promise<ContainerRoot> {
  await using held = new AsyncDisposableStack();
  held.use(turn);
  const mountPoint = await parts.rootfs.mount(record.id);
  held.defer(async () => {
    // Takes the mounts inside along.
    await parts.rootfs.unmount(record.id);
    await releaseMounts(parts, record);
  });
  const root = held.use(RootDir.open(mountPoint));
  for (const { source, destination } of await engineFiles(parts, record)) {
    await bindInside(root, source, destination);
  }
  for (const each of record.mounts) {
    const source = await sourceOf(parts, record, each);
    if (source !== undefined) await mountInside(root, source, each);
  }
  const moved = held.move();
  return { record, root, path: pathOf(root), [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** What is mounted; undefined where there is nothing to see while the container does not run. */
async function sourceOf(
  parts: ContainerParts,
  record: ContainerRecord,
  each: ContainerMount,
): Promise<string | undefined> {
  if (each.type === "tmpfs") return undefined;
  if (each.type !== "bind") return await borrowSource(parts, record, each);
  // It is made when the container starts, or was taken away: the image's files show.
  return (await isPresent(each.source)) ? each.source : undefined;
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

interface EngineFile {
  readonly source: string;
  readonly destination: string;
}

/** The engine's own files that the container saw when it ran last, but for those that its mounts cover. */
async function engineFiles(parts: ContainerParts, record: ContainerRecord): Promise<EngineFile[]> {
  if (!record.startedOnce) return [];
  const { hostsFile, hostnameFile, resolvConfFile } = filesOf(parts, record.id);
  const files = [
    { source: resolvConfFile, destination: "/etc/resolv.conf" },
    { source: hostnameFile, destination: "/etc/hostname" },
    { source: hostsFile, destination: "/etc/hosts" },
  ];
  const free = files.filter((file) => !record.mounts.some((each) => each.destination === file.destination));
  // One that joined another's network has none of its own.
  const present = await Promise.all(free.map(({ source }) => isPresent(source)));
  return free.filter((_file, at) => present[at]);
}

async function bindInside(root: RootDir, source: string, destination: string): Promise<void> {
  makeFile(root, destination);
  using target = root.openNode(destination, { follow: true });
  await mount({ source, target: target.procPath, flags: MS.bind });
}

async function mountInside(root: RootDir, source: string, each: ContainerMount): Promise<void> {
  const { destination, readWrite } = each;
  if ((await stat(source)).isDirectory()) root.mkdirAll(destination, 0o755);
  else makeFile(root, destination);
  const recursive = each.type !== "bind" || !each.nonRecursive;
  {
    using target = root.openNode(destination, { follow: true });
    await mount({ source, target: target.procPath, flags: MS.bind | (recursive ? MS.rec : 0) });
  }
  // Opened anew: the descriptor from before is of what the mount covers.
  using mounted = root.openNode(destination, { follow: true });
  setMountAttributes(mounted, { propagation: "private" }, recursive);
  if (!readWrite) setMountAttributes(mounted, { readOnly: true }, recursive);
}

function makeFile(root: RootDir, path: string): void {
  if (root.statIfExists(path, { follow: true })) return;
  root.mkdirAll(posix.dirname(path), 0o755);
  root.mknod(path, "file", 0o644);
}

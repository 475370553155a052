import { rm } from "node:fs/promises";
import { isKind } from "../../base/errors.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { Task } from "../../core/tasks/task-runtime.ts";
import { cannotRemove, removalInProgress } from "./errors.ts";
import {
  type ContainerParts,
  changeRecord,
  currentRecord,
  isRunning,
  publishContainerEvent,
} from "./parts.ts";
import { releaseContainer } from "./run/release.ts";
import { killContainer } from "./run/stop.ts";

export interface RemoveOptions {
  /** End a running container first. */
  readonly force: boolean;
  /** Its anonymous volumes go too, where no other container has them. */
  readonly volumes: boolean;
}

/**
 * The container is gone: record, root file system, files, and with `volumes` its anonymous volumes.
 * Errors: conflict (runs, is being removed).
 */
export async function removeContainer(
  parts: ContainerParts,
  id: string,
  options: RemoveOptions,
): Promise<void> {
  let record: ContainerRecord | undefined = currentRecord(parts, id);
  if (record.state.status === "removing") throw removalInProgress(id);
  // A container with `AutoRemove` is gone by itself after the kill.
  for (; record; record = parts.store.get(id)) {
    if (isRunning(record) || record.state.status === "restarting") {
      if (!options.force) throw cannotRemove(record.name, record.state.status);
      await endForRemoval(parts, record);
    }
    using _turn = await parts.locks.acquire(id);
    const ended = parts.store.get(id);
    // Somebody, or its policy, may have started it before this turn.
    if (!ended || isRunning(ended)) continue;
    return await removeContainerNow(parts, ended, { volumes: options.volumes });
  }
}

async function endForRemoval(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  parts.live.cancelRestart(record.id);
  const task = parts.live.task(record.id);
  if (!task || !isRunning(record)) return;
  // Its end may have come and not be stored yet: to look again at once would keep that from ever happening.
  const ended = parts.live.nextExit(record.id);
  if (record.state.status === "paused") await task.resume();
  try {
    await killContainer(parts, record.id, "SIGKILL");
  } catch (error) {
    // It ended by itself in the meantime.
    if (!isKind(error, "conflict")) throw error;
  }
  await ended;
}

/**
 * As `removeContainer` for who holds the lock of a container that does not run. After a crash in between, start-up
 * finds the record as `removing` and goes on from here.
 */
export async function removeContainerNow(
  parts: ContainerParts,
  record: ContainerRecord,
  options: { readonly volumes: boolean; readonly task?: Task },
): Promise<void> {
  const { id } = record;
  changeRecord(parts, id, ({ state }) => ({ state: { ...state, status: "removing" } }));
  parts.live.cancelRestart(id);
  await clearContainer(parts, record, options.task);
  parts.store.remove(id);
  parts.execs.removeOf(id);
  try {
    // Before anybody hears of the end: who waits for it may look for the volumes.
    if (options.volumes) await removeAnonymousVolumes(parts, record);
  } finally {
    publishContainerEvent(parts, record, "destroy");
    parts.live.announceRemoval(id);
  }
}

/**
 * A container with `AutoRemove` whose task has ended is gone for everybody: record, ports, addresses, anonymous volumes.
 * Its mounts, files and runtime state go in the background; after a crash start-up removes them, since no record names
 * them. For who holds the container's lock.
 */
export async function forgetContainer(
  parts: ContainerParts,
  record: ContainerRecord,
  task: Task,
): Promise<void> {
  const { id } = record;
  const hasVolumes = record.mounts.some((mount) => mount.type === "volume");
  if (hasVolumes) return await removeContainerNow(parts, record, { volumes: true, task });
  await parts.networks.release(id);
  parts.store.remove(id);
  parts.execs.removeOf(id);
  publishContainerEvent(parts, record, "destroy");
  parts.live.announceRemoval(id);
  parts.background.start(`clearing container ${id}`, () => clearContainer(parts, record, task));
}

/** Nothing of the container is left in the kernel and on the disk, its record and volumes aside. Idempotent. */
async function clearContainer(parts: ContainerParts, record: ContainerRecord, task?: Task): Promise<void> {
  await Promise.all([releaseContainer(parts, record, task), parts.logs.remove(record.id)]);
  await Promise.all([
    parts.rootfs.remove(record.id),
    ...record.mounts.flatMap(({ type }, index) =>
      type === "image" ? [parts.sideMounts.forgetImage(record.id, index)] : [],
    ),
    rm(parts.paths.containerDir(record.id), { recursive: true, force: true }),
  ]);
}

async function removeAnonymousVolumes(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type === "volume" && mount.anonymous) await parts.volumes.removeIfUnused(mount.name);
  }
}

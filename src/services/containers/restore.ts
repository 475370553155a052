import { mkdir, readdir, rm } from "node:fs/promises";
import { messageOf } from "../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { Task } from "../../core/tasks/task-runtime.ts";
import { resumeHealthMonitor } from "./health/monitor.ts";
import { serveContainerNames } from "./networks/networked.ts";
import { settleNetworks } from "./networks/settle-networks.ts";
import {
  type ContainerParts,
  changeRecord,
  currentRecord,
  isRunning,
  publishContainerEvent,
} from "./parts.ts";
import { removeContainerNow } from "./remove.ts";
import { superviseTask } from "./run/exit.ts";
import { releaseContainer } from "./run/release.ts";
import { wantsStartAtBoot } from "./run/restart-policy.ts";
import { startUnderLock } from "./run/start.ts";

/**
 * Records and reality agree after the engine was away, however it ended: tasks that still run are adopted, ended ones
 * are brought to rest, half-made and half-removed containers are cleared, networks are repaired. Then containers
 * whose policy wants it are started; that goes on in the background.
 *
 * The order matters: nothing is released before every surviving task is known.
 */
export async function restoreContainers(parts: ContainerParts): Promise<void> {
  const records = parts.store.list();
  const known = new Set(records.map(({ id }) => id));
  const withTask = records.filter(({ task }) => task !== undefined);
  // A task that was made but not stored is an orphan too, although its container is known.
  await parts.runtime.removeOrphans(new Set(withTask.map(({ id }) => id)));
  const adopted = new Map<string, Task>();
  const outcomes = await Promise.allSettled(withTask.map((record) => adopt(parts, record, adopted)));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") parts.logger.error({ err: outcome.reason }, "adopting a container");
  }
  const alive = new Set(adopted.keys());
  await parts.networks.restore(alive);
  await parts.volumes.restore(loansOf(records.filter(({ id }) => alive.has(id))));
  await parts.sideMounts.removeOrphans(known, alive);
  for (const record of parts.store.list()) {
    if (!adopted.has(record.id)) await settle(parts, record);
  }
  await parts.rootfs.removeOrphans(known, alive);
  await removeStrayDirectories(parts, known);
  for (const [id, task] of adopted) {
    await resumeNetworks(parts, id);
    superviseTask(parts, id, task);
    resumeHealthMonitor(parts, id);
  }
  void startByPolicy(parts);
}

/** Connecting may have been cut short, and the resolver's sockets ended with the engine before. */
async function resumeNetworks(parts: ContainerParts, id: string): Promise<void> {
  try {
    await settleNetworks(parts, currentRecord(parts, id));
    await serveContainerNames(parts, currentRecord(parts, id));
  } catch (error) {
    parts.logger.error({ container: id, reason: messageOf(error) }, "settling the networks of a container");
  }
}

/** The volumes of these containers, each with the ids of those that have it. */
function loansOf(records: readonly ContainerRecord[]): Map<string, Set<string>> {
  const loans = new Map<string, Set<string>>();
  for (const { id, mounts } of records) {
    for (const mount of mounts) {
      if (mount.type !== "volume") continue;
      loans.set(mount.name, (loans.get(mount.name) ?? new Set()).add(id));
    }
  }
  return loans;
}

async function adopt(
  parts: ContainerParts,
  record: ContainerRecord,
  adopted: Map<string, Task>,
): Promise<void> {
  const task = await parts.runtime.adopt(record.task!);
  if (!task) return;
  adopted.set(record.id, task);
  parts.logs.begin(record);
  parts.live.setTask(record.id, task);
  if (isRunning(record)) return;
  // The engine ended between storing the task and storing that it runs: whether the program was started is not known.
  await task.delete();
  adopted.delete(record.id);
  parts.live.setTask(record.id, undefined);
}

/** A container without a task: whatever an interrupted verb left is taken back. */
async function settle(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  try {
    if (record.state.status === "removing") {
      await removeContainerNow(parts, record, { volumes: record.hostConfig.AutoRemove ?? false });
      return;
    }
    if (record.task !== undefined || isRunning(record) || record.state.status === "restarting") {
      const lost = isRunning(record);
      const ended = changeRecord(parts, record.id, ({ state }) => ({
        task: undefined,
        state: {
          ...state,
          // Whether a wait for a restart is taken up again is for the policy to say.
          status: lost || state.status === "restarting" ? "exited" : state.status,
          pid: 0,
          // Nobody saw it end: docker's answer for a container whose exit was not observed.
          exitCode: lost ? 255 : state.exitCode,
          finishedAt: lost ? formatRfc3339Nano(nowNs()) : state.finishedAt,
        },
      }));
      if (lost) publishContainerEvent(parts, ended, "die", { exitCode: "255" });
      parts.logs.finish(record);
    }
    await releaseContainer(parts, record);
    // Also one that was never started: whoever would have done so lost the connection.
    if (record.hostConfig.AutoRemove) await removeContainerNow(parts, record, { volumes: true });
  } catch (error) {
    parts.logger.error({ container: record.id, reason: messageOf(error) }, "settling a container");
  }
}

/** A crash came before the record of a new container was stored. */
async function removeStrayDirectories(parts: ContainerParts, known: ReadonlySet<string>): Promise<void> {
  const { containersRoot } = parts.paths;
  await mkdir(containersRoot, { recursive: true, mode: 0o710 });
  for (const id of await readdir(containersRoot)) {
    if (!known.has(id)) await rm(parts.paths.containerDir(id), { recursive: true, force: true });
  }
}

/** Oldest first: those that others have links to, or whose namespaces they join, come before them. */
async function startByPolicy(parts: ContainerParts): Promise<void> {
  for (const { id } of parts.store.list().reverse()) {
    using _turn = await parts.locks.acquire(id);
    const record = parts.store.get(id);
    if (!record || isRunning(record) || !wantsStartAtBoot(record)) continue;
    try {
      await startUnderLock(
        parts,
        changeRecord(parts, id, () => ({ manuallyStopped: false })),
      );
    } catch (error) {
      parts.logger.warn({ container: id, reason: messageOf(error) }, "starting a container by its policy");
    }
  }
}

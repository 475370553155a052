import { messageOf } from "../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { Task } from "../../core/tasks/task-runtime.ts";
import { resumeHealthMonitor } from "./health/monitor.ts";
import { type ContainerParts, changeRecord, isRunning, publishContainerEvent } from "./parts.ts";
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
  await parts.runtime.removeOrphans(known);
  const adopted = new Map<string, Task>();
  const outcomes = await Promise.allSettled(
    records.filter(({ task }) => task !== undefined).map((record) => adopt(parts, record, adopted)),
  );
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") parts.logger.error({ err: outcome.reason }, "adopting a container");
  }
  const alive = new Set(adopted.keys());
  await parts.networks.restore(alive);
  for (const record of parts.store.list()) {
    if (!adopted.has(record.id)) await settle(parts, record);
  }
  await parts.rootfs.removeOrphans(known, alive);
  for (const [id, task] of adopted) {
    superviseTask(parts, id, task);
    resumeHealthMonitor(parts, id);
  }
  void startByPolicy(parts);
}

async function adopt(
  parts: ContainerParts,
  record: ContainerRecord,
  adopted: Map<string, Task>,
): Promise<void> {
  const task = await parts.runtime.adopt(record.task!);
  if (!task) return;
  adopted.set(record.id, task);
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
    if (record.task !== undefined || isRunning(record)) {
      const lost = isRunning(record);
      const ended = changeRecord(parts, record.id, ({ state }) => ({
        task: undefined,
        state: {
          ...state,
          status: lost ? "exited" : state.status,
          pid: 0,
          // Nobody saw it end: docker's answer for a container whose exit was not observed.
          exitCode: lost ? 255 : state.exitCode,
          finishedAt: lost ? formatRfc3339Nano(nowNs()) : state.finishedAt,
        },
      }));
      if (lost) publishContainerEvent(parts, ended, "die", { exitCode: "255" });
    }
    await releaseContainer(parts, record);
    const settled = parts.store.get(record.id);
    if (settled?.hostConfig.AutoRemove && settled.startedOnce) {
      await removeContainerNow(parts, settled, { volumes: true });
    }
  } catch (error) {
    parts.logger.error({ container: record.id, reason: messageOf(error) }, "settling a container");
  }
}

async function startByPolicy(parts: ContainerParts): Promise<void> {
  for (const { id } of parts.store.list()) {
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

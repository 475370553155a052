import { delay } from "../../../base/async.ts";
import { isKind } from "../../../base/errors.ts";
import { parseRfc3339Nano } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ExitStatus, Task } from "../../../core/tasks/task-runtime.ts";
import { endHealthMonitor } from "../health/monitor.ts";
import { followLinks } from "../links/follow-links.ts";
import { needsLinksToReach } from "../links/legacy-links.ts";
import { type ContainerParts, changeRecord, publishContainerEvent } from "../parts.ts";
import { forgetContainer } from "../remove.ts";
import { watchMemory } from "./memory-watch.ts";
import { releaseContainer } from "./release.ts";
import { restartWaitMs, wantsRestart } from "./restart-policy.ts";
import { startUnderLock } from "./start.ts";

/** Watches a running task; when it ends the container is brought to rest, restarted or removed as it asked for. */
export function superviseTask(parts: ContainerParts, id: string, task: Task): void {
  supervise(parts, id, task).catch((error) => {
    // The engine ends before the container does: the next one takes it over.
    if (isKind(error, "canceled")) return;
    parts.logger.error({ err: error, container: id }, "handling a container's exit");
  });
}

async function supervise(parts: ContainerParts, id: string, task: Task): Promise<void> {
  await using _memory = watchMemory(parts, id, task);
  await handleExit(parts, id, task, await task.wait());
}

/**
 * The container's process has ended: state and event say so, then everything it held is given back. Waiters learn of it
 * once the state is stored. A container with `AutoRemove` is removed, unless it is being restarted.
 */
async function handleExit(parts: ContainerParts, id: string, task: Task, status: ExitStatus): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  const before = parts.store.get(id);
  if (!before || parts.live.task(id) !== task) return;
  endHealthMonitor(parts, id);
  parts.logs.processEnded({ id });
  parts.execs.removeUnstartedOf(id);
  const restarts = !parts.live.restartsEnded && wantsRestart(before, status.exitCode);
  const ended = changeRecord(parts, id, ({ state }) => ({
    task: undefined,
    state: {
      ...state,
      status: restarts ? "restarting" : "exited",
      pid: 0,
      exitCode: status.exitCode,
      oomKilled: status.oomKilled || state.oomKilled,
      finishedAt: status.exitedAt,
    },
  }));
  parts.live.setTask(id, undefined);
  if (status.oomKilled && !before.state.oomKilled) publishContainerEvent(parts, ended, "oom");
  publishContainerEvent(parts, ended, "die", {
    exitCode: String(status.exitCode),
    execDuration: String(Math.trunc(runMs(ended) / 1000)),
  });
  parts.live.announceExit(id, status);
  if (needsLinksToReach(parts)) parts.background.start("following links", () => followLinks(parts, ended));
  if (ended.hostConfig.AutoRemove && !parts.live.isKeptOverExit(id)) {
    await forgetContainer(parts, ended, task);
    return;
  }
  await releaseContainer(parts, ended, task);
  if (restarts) scheduleRestart(parts, ended);
}

function runMs(record: ContainerRecord): number {
  const started = parseRfc3339Nano(record.state.startedAt) ?? 0n;
  const finished = parseRfc3339Nano(record.state.finishedAt) ?? started;
  return Math.max(0, Number((finished - started) / 1_000_000n));
}

/** Starts the container after its back-off unless someone stops, starts or removes it first. */
function scheduleRestart(parts: ContainerParts, record: ContainerRecord): void {
  const signal = parts.live.beginRestartWait(record.id);
  delay(restartWaitMs(record.restartCount, runMs(record)), signal)
    .then(() => restartAfterWait(parts, record.id, signal))
    .catch((error) => {
      // Cut short on purpose: whoever did it has seen to the container's state.
      if (isKind(error, "canceled")) return;
      parts.logger.warn({ err: error, container: record.id }, "restarting a container failed");
    });
}

async function restartAfterWait(parts: ContainerParts, id: string, signal: AbortSignal): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  if (signal.aborted || parts.store.get(id)?.state.status !== "restarting") return;
  const record = changeRecord(parts, id, ({ restartCount }) => ({ restartCount: restartCount + 1 }));
  await startUnderLock(parts, record);
}

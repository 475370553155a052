import { delay } from "../../../base/async.ts";
import { invalidArgument, isKind } from "../../../base/errors.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { parseSignal } from "../../../os/linux/signal.ts";
import { alreadyStopped, notPaused, notRunning, pausedAlready } from "../errors.ts";
import {
  type ContainerParts,
  changeRecord,
  currentRecord,
  isRunning,
  publishContainerEvent,
} from "../parts.ts";
import { startContainer } from "./start.ts";

export interface StopOptions {
  /** Name or number; undefined for the container's own stop signal. */
  readonly signal: string | undefined;
  /** Time until the kill; -1 waits for ever; undefined for the container's own. */
  readonly timeoutSeconds: number | undefined;
}

const DEFAULT_STOP_SECONDS = 10;
/** What killing and clearing up may take on top of a container's own time. */
const SHUTDOWN_GRACE_SECONDS = 5;
/** After a SIGKILL the kernel ends a process at once unless it hangs in a system call. */
const KILL_GRACE_MS = 10_000;

function signalNumber(text: string): number {
  const number = parseSignal(text);
  if (number === undefined) throw invalidArgument(`invalid signal: ${text}`);
  return number;
}

function stopSignal(record: ContainerRecord, requested: string | undefined): number {
  return signalNumber(requested || record.config.StopSignal || "SIGTERM");
}

/** The container's process has ended and the policy will not start it again. Errors: notModified, invalidArgument. */
export async function stopContainer(parts: ContainerParts, id: string, options: StopOptions): Promise<void> {
  const record = currentRecord(parts, id);
  const signal = stopSignal(record, options.signal);
  if (record.state.status === "restarting") return cancelRestart(parts, id);
  if (!isRunning(record)) throw alreadyStopped();
  changeRecord(parts, id, () => ({ manuallyStopped: true }));
  await endProcess(parts, record, signal, options.timeoutSeconds);
  const stopped = parts.store.get(id);
  if (stopped) publishContainerEvent(parts, stopped, "stop");
}

/** Time that a container is given to end after its stop signal; -1 for as long as it takes. */
function stopSeconds(record: ContainerRecord): number {
  return record.config.StopTimeout ?? DEFAULT_STOP_SECONDS;
}

/**
 * No container runs, and none is started again by this engine: the engine ends. Each gets its own stop signal and time; the
 * next engine starts those whose policy wants it, as if nobody had stopped them. Gives up after the longest of
 * these times and `timeoutSeconds` (-1: never); what still runs then is adopted by the next engine.
 */
export async function stopAllContainers(
  parts: ContainerParts,
  options: { readonly timeoutSeconds: number },
): Promise<void> {
  parts.live.endRestarts();
  const running = parts.store.list().filter(isRunning);
  const stopping = Promise.all(running.map((record) => stopForShutdown(parts, record)));
  const seconds = [options.timeoutSeconds, ...running.map(stopSeconds).map(withGrace)];
  const limitMs = seconds.some((each) => each < 0) ? undefined : Math.max(...seconds) * 1000;
  if (await settledWithin(stopping, limitMs)) return;
  parts.logger.error({ limitMs }, "containers still run at the end of the engine");
}

function withGrace(seconds: number): number {
  return seconds < 0 ? seconds : seconds + SHUTDOWN_GRACE_SECONDS;
}

async function stopForShutdown(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  const { id } = record;
  try {
    await endProcess(parts, record, stopSignal(record, undefined), undefined);
    // What follows an exit has the lock: once it is free, mounts and addresses are given back.
    using _turn = await parts.locks.acquire(id);
    const stopped = parts.store.get(id);
    if (stopped) publishContainerEvent(parts, stopped, "stop");
  } catch (error) {
    parts.logger.error({ err: error, container: id }, "stopping a container at the end of the engine");
  }
}

async function cancelRestart(parts: ContainerParts, id: string): Promise<void> {
  parts.live.cancelRestart(id);
  using _turn = await parts.locks.acquire(id);
  const record = changeRecord(parts, id, ({ state }) => ({
    manuallyStopped: true,
    state: state.status === "restarting" ? { ...state, status: "exited" } : state,
  }));
  publishContainerEvent(parts, record, "stop");
}

async function endProcess(
  parts: ContainerParts,
  record: ContainerRecord,
  signal: number,
  timeoutSeconds: number | undefined,
): Promise<void> {
  const { id } = record;
  const exited = parts.live.nextExit(id);
  const seconds = timeoutSeconds ?? stopSeconds(record);
  if (record.state.status === "paused") await unpauseContainer(parts, id);
  await sendSignal(parts, record, signal);
  if (await settledWithin(exited, seconds < 0 ? undefined : seconds * 1000)) return;
  await sendSignal(parts, record, signalNumber("SIGKILL"));
  await settledWithin(exited, KILL_GRACE_MS);
}

async function settledWithin(promise: Promise<unknown>, timeoutMs: number | undefined): Promise<boolean> {
  if (timeoutMs === undefined) {
    await promise;
    return true;
  }
  const timer = new AbortController();
  try {
    return await Promise.race([promise.then(() => true), delay(timeoutMs, timer.signal).then(() => false)]);
  } finally {
    timer.abort();
  }
}

async function sendSignal(parts: ContainerParts, record: ContainerRecord, signal: number): Promise<void> {
  try {
    await parts.live.task(record.id)?.kill(signal);
  } catch (error) {
    // It ended by itself in the meantime.
    if (!isKind(error, "notFound")) throw error;
    return;
  }
  publishContainerEvent(parts, record, "kill", { signal: String(signal) });
}

/** Sends a signal to the container's process. Errors: conflict (not running), invalidArgument. */
export async function killContainer(parts: ContainerParts, id: string, signalText: string): Promise<void> {
  const record = currentRecord(parts, id);
  const signal = signalNumber(signalText || "SIGKILL");
  // Only a signal that is meant to end the container keeps its policy from starting it again.
  const isMeantToEnd = signal === signalNumber("SIGKILL") || signal === stopSignal(record, undefined);
  if (record.state.status === "restarting") {
    if (isMeantToEnd) await cancelRestart(parts, id);
    return;
  }
  const task = parts.live.task(id);
  if (!isRunning(record) || !task) throw notRunning(id);
  if (isMeantToEnd) changeRecord(parts, id, () => ({ manuallyStopped: true }));
  const exited = signal === signalNumber("SIGKILL") ? parts.live.nextExit(id) : undefined;
  try {
    await task.kill(signal);
  } catch (error) {
    if (!isKind(error, "notFound")) throw error;
    // It ended by itself in the meantime, which is stored at once.
    if (exited) await settledWithin(exited, KILL_GRACE_MS);
    return;
  }
  publishContainerEvent(parts, record, "kill", { signal: String(signal) });
  if (exited && record.state.status !== "paused") await settledWithin(exited, KILL_GRACE_MS);
}

/** Stops the container where it runs and starts it; one that is removed at its end stays. */
export async function restartContainer(
  parts: ContainerParts,
  id: string,
  options: StopOptions,
): Promise<void> {
  const record = currentRecord(parts, id);
  const signal = stopSignal(record, options.signal);
  using _kept = parts.live.keepOverExit(id);
  if (record.state.status === "restarting") await cancelRestart(parts, id);
  else if (isRunning(record)) {
    changeRecord(parts, id, () => ({ manuallyStopped: true }));
    await endProcess(parts, record, signal, options.timeoutSeconds);
    const stopped = parts.store.get(id);
    if (stopped) publishContainerEvent(parts, stopped, "stop");
  }
  await startContainer(parts, id);
  const started = parts.store.get(id);
  if (started) publishContainerEvent(parts, started, "restart");
}

/** All processes of the container stand still. Errors: conflict (not running, paused already). */
export async function pauseContainer(parts: ContainerParts, id: string): Promise<void> {
  await changeFreeze(parts, id, "paused");
}

/** The processes go on. Errors: conflict (not paused). */
export async function unpauseContainer(parts: ContainerParts, id: string): Promise<void> {
  await changeFreeze(parts, id, "running");
}

async function changeFreeze(parts: ContainerParts, id: string, wanted: "paused" | "running"): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  const task = parts.live.task(id);
  if (wanted === "paused") {
    if (!isRunning(record) || !task) throw notRunning(id);
    if (record.state.status === "paused") throw pausedAlready(id);
    await task.pause();
  } else {
    if (record.state.status !== "paused" || !task) throw notPaused(id);
    await task.resume();
  }
  const changed = changeRecord(parts, id, ({ state }) => ({ state: { ...state, status: wanted } }));
  publishContainerEvent(parts, changed, wanted === "paused" ? "pause" : "unpause");
}

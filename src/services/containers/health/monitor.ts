import { isKind, messageOf } from "../../../base/errors.ts";
import { parseRfc3339Nano } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { HealthcheckResult } from "../../../spec/engine-api/mod.ts";
import { type ContainerParts, changeRecord, publishContainerEvent } from "../parts.ts";
import { type HealthProbe, probeOf } from "./health-config.ts";
import { healthAfter, startingHealth } from "./health-state.ts";
import { runProbe } from "./run-probe.ts";

/** A container that has just been started is looked after; without a health check nothing happens. */
export function beginHealthMonitor(parts: ContainerParts, id: string): void {
  const probe = probeFor(parts, id);
  if (!probe) return;
  changeRecord(parts, id, ({ state }) => ({ state: { ...state, health: startingHealth(state.health) } }));
  launch(parts, id, probe);
}

/** A container that went on running without the engine is looked after again, from the health it had. */
export function resumeHealthMonitor(parts: ContainerParts, id: string): void {
  const probe = probeFor(parts, id);
  if (!probe) return;
  if (!parts.store.get(id)?.state.health) beginHealthMonitor(parts, id);
  else launch(parts, id, probe);
}

/** Nobody looks after the container any more: it counts as unhealthy, as docker has it. */
export function endHealthMonitor(parts: ContainerParts, id: string): void {
  if (!parts.health.end(id) || !parts.store.get(id)?.state.health) return;
  changeRecord(parts, id, ({ state }) => ({
    state: state.health ? { ...state, health: { ...state.health, Status: "unhealthy" } } : state,
  }));
}

function probeFor(parts: ContainerParts, id: string): HealthProbe | undefined {
  const record = parts.store.get(id);
  if (!record) return undefined;
  const probe = probeOf(record.config);
  const kind = record.config.Healthcheck?.Test?.[0];
  if (!probe && kind !== undefined && kind !== "NONE") {
    parts.logger.warn({ container: id, kind }, "unknown type of health check (expected CMD)");
  }
  return probe;
}

function launch(parts: ContainerParts, id: string, probe: HealthProbe): void {
  const signal = parts.health.begin(id);
  watch(parts, id, probe, signal).catch((error) => {
    if (isKind(error, "canceled")) return;
    parts.logger.error({ container: id, reason: messageOf(error) }, "health monitor ended");
  });
}

async function watch(
  parts: ContainerParts,
  id: string,
  probe: HealthProbe,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const before = parts.store.get(id);
    if (!before) return;
    await parts.timers.wait(waitMs(parts, before, probe), signal);
    // A paused container cannot answer, and is not to blame.
    if (parts.store.get(id)?.state.status !== "running") continue;
    const result = await runProbe(parts, id, probe, signal);
    if (signal.aborted) return;
    if (parts.store.get(id)?.state.status === "running") storeResult(parts, id, probe, result);
  }
}

function waitMs({ timers }: ContainerParts, { state }: ContainerRecord, probe: HealthProbe): number {
  const isStarting = state.health?.Status === "starting";
  const runsMs = Number(timers.nowNs() - (parseRfc3339Nano(state.startedAt) ?? 0n)) / 1e6;
  return isStarting && runsMs < probe.startPeriodMs ? probe.startIntervalMs : probe.intervalMs;
}

function storeResult(parts: ContainerParts, id: string, probe: HealthProbe, result: HealthcheckResult): void {
  let statusBefore: string | undefined;
  const record = changeRecord(parts, id, ({ state }) => {
    const health = state.health ?? startingHealth(undefined);
    statusBefore = health.Status;
    const beganNs = parseRfc3339Nano(result.Start) ?? 0n;
    const sinceStartMs = Number(beganNs - (parseRfc3339Nano(state.startedAt) ?? 0n)) / 1e6;
    const countsFailure = health.Status !== "starting" || sinceStartMs >= probe.startPeriodMs;
    return {
      state: { ...state, health: healthAfter(health, result, { retries: probe.retries, countsFailure }) },
    };
  });
  const status = record.state.health?.Status;
  if (status !== statusBefore) publishContainerEvent(parts, record, `health_status: ${status}`);
}

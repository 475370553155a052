import type { ContainerRecord } from "../../../core/containers/container-record.ts";

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 60_000;
/** A container that ran this long was well: the back-off starts over. */
const HEALTHY_RUN_MS = 10_000;

/** Whether the policy starts a container again after its process ended by itself. */
export function wantsRestart(record: ContainerRecord, exitCode: number): boolean {
  const name = record.hostConfig.RestartPolicy?.Name ?? "no";
  if (record.manuallyStopped) return false;
  if (name === "always" || name === "unless-stopped") return true;
  return name === "on-failure" && failureIsTriedAgain(record, exitCode);
}

function failureIsTriedAgain({ hostConfig, restartCount }: ContainerRecord, exitCode: number): boolean {
  const limit = hostConfig.RestartPolicy?.MaximumRetryCount ?? 0;
  return exitCode !== 0 && (limit === 0 || restartCount < limit);
}

/** Wait before the next start: 100 ms, doubled with every restart up to a minute. */
export function restartWaitMs(restartCount: number, lastRunMs: number): number {
  if (lastRunMs >= HEALTHY_RUN_MS) return FIRST_WAIT_MS;
  return Math.min(FIRST_WAIT_MS * 2 ** restartCount, MAX_WAIT_MS);
}

/** Whether the policy starts a container when the engine starts; of those that were stopped by hand, all but `unless-stopped`. */
export function wantsStartAtBoot(record: ContainerRecord): boolean {
  const name = record.hostConfig.RestartPolicy?.Name ?? "no";
  if (!record.startedOnce) return false;
  if (name === "always") return true;
  if (name === "unless-stopped") return !record.manuallyStopped;
  return name === "on-failure" && failureIsTriedAgain(record, record.state.exitCode);
}

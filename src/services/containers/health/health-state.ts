import type { HealthcheckResult, HealthState } from "../../../spec/engine-api/mod.ts";

const KEPT_RESULTS = 5;

/** Health at the beginning of a run; results of earlier runs are still shown. */
export function startingHealth(before: HealthState | undefined): HealthState {
  return { Status: "starting", FailingStreak: 0, Log: before?.Log ?? [] };
}

/** Health after one more result. `countsFailure`: a failure is one more in a row. */
export function healthAfter(
  before: HealthState,
  result: HealthcheckResult,
  rules: { readonly retries: number; readonly countsFailure: boolean },
): HealthState {
  const log = [...(before.Log ?? []), result].slice(-KEPT_RESULTS);
  if (result.ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log: log };
  if (!rules.countsFailure) return { ...before, Log: log };
  const streak = before.FailingStreak + 1;
  return {
    Status: streak >= rules.retries ? "unhealthy" : before.Status,
    FailingStreak: streak,
    Log: log,
  };
}

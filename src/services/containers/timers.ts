import { delay } from "../../base/async.ts";
import { type Nanoseconds, nowNs } from "../../base/time.ts";

/** The clock of what happens by itself: health checks and statistics. */
export interface Timers {
  nowNs(): Nanoseconds;
  /** Resolves after that time, or rejects with `canceled` as soon as the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemTimers: Timers = { nowNs, wait: delay };

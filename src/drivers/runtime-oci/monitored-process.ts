import { canceled, notFound } from "../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { ProcessIdentity } from "../../core/tasks/task-runtime.ts";
import { signalPidFd } from "../../os/linux/pidfd.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { openIdentity } from "./process-identity.ts";
import type { RecordedExit } from "./recorded-exit.ts";

/** Exit code of a process whose monitor did not live to tell it. */
const UNKNOWN_EXIT_CODE = 255;

/** Where the monitor of a process leaves the exit code. */
export interface ExitRecord {
  read(): RecordedExit | undefined;
  /** Tells at once; without it the exit is known when the monitor has ended. */
  wait?(): Promise<RecordedExit>;
}

/** Resolves when that process has ended; at once if it has. */
async function processEnd(reactor: Reactor, identity: ProcessIdentity, signal: AbortSignal): Promise<void> {
  using pidfd = openIdentity(identity);
  if (pidfd) await reactor.onPidfdExit(pidfd.fd, signal);
}

/**
 * Resolves with the exit that the monitor records, or with exit code 255 at the end of the process where the monitor
 * was killed and cannot tell. Keeps the engine's process alive until then. Errors: canceled once `closing` is aborted.
 */
export async function waitForExit(
  reactor: Reactor,
  closing: AbortSignal,
  monitor: ProcessIdentity,
  process: ProcessIdentity,
  record: ExitRecord,
): Promise<RecordedExit> {
  const known = record.read();
  if (known) return known;
  const watching = new AbortController();
  const either = AbortSignal.any([watching.signal, closing]);
  const withoutMonitor = async (): Promise<RecordedExit> => {
    await processEnd(reactor, monitor, either);
    // The record is the last thing a monitor writes, so looking once after its end is enough.
    const recorded = record.read();
    if (recorded) return recorded;
    await processEnd(reactor, process, either);
    return { exitCode: UNKNOWN_EXIT_CODE, exitedAt: formatRfc3339Nano(nowNs()) };
  };
  const fallback = withoutMonitor();
  // It loses the race by being aborted, and then nobody looks at it.
  fallback.catch(() => {});
  try {
    return await Promise.race(record.wait ? [record.wait(), fallback] : [fallback]);
  } catch (error) {
    if (closing.aborted) throw canceled("the engine was closed", { cause: error });
    throw error;
  } finally {
    watching.abort();
  }
}

/** The process has been sent the signal. Errors: notFound where it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: number, name: string): void {
  using pidfd = openIdentity(identity);
  if (pidfd && signalPidFd(pidfd.fd, signal)) return;
  throw notFound(`no such process: ${name} is not running`);
}

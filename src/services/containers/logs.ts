import { invalidArgument } from "../../base/errors.ts";
import type { ContainerLogs } from "../../core/containers/streams.ts";
import { type ContainerParts, currentRecord } from "./parts.ts";

export interface LogsOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
  /** Last lines only; undefined for all. */
  readonly tail: number | undefined;
  /** Fills `attributes` of the entries. */
  readonly details: boolean;
  readonly signal: AbortSignal;
}

/** What the container wrote. Errors: invalidArgument, notImplemented (its log driver keeps nothing). */
export async function readLogs(
  parts: ContainerParts,
  id: string,
  options: LogsOptions,
): Promise<ContainerLogs> {
  const record = currentRecord(parts, id);
  if (!options.stdout && !options.stderr) {
    throw invalidArgument("Bad parameters: you must choose at least one stream");
  }
  const query = {
    stdout: options.stdout,
    stderr: options.stderr,
    details: options.details,
    signal: options.signal,
    ...(options.sinceNs === undefined ? {} : { sinceNs: options.sinceNs }),
    ...(options.untilNs === undefined ? {} : { untilNs: options.untilNs }),
    ...(options.tail === undefined ? {} : { tail: options.tail }),
  };
  const ended = options.follow ? endOfOutput(parts, id, options.signal) : undefined;
  return { tty: record.config.Tty ?? false, groups: await parts.logs.read(record, query, ended) };
}

/** Following ends when the container stops for good, and goes on through restarts. */
async function endOfOutput(parts: ContainerParts, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const status = parts.store.get(id)?.state.status;
    if (status !== "running" && status !== "paused" && status !== "restarting") return;
    try {
      await parts.live.nextExit(id, signal);
    } catch {
      // Nobody follows any more.
      return;
    }
  }
}

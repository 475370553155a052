import { isKind, messageOf } from "../../../base/errors.ts";
import { formatGoDuration } from "../../../base/moment.ts";
import { formatRfc3339Nano } from "../../../base/time.ts";
import type { AttachSession } from "../../../core/containers/streams.ts";
import type { ExecProcess } from "../../../core/tasks/task-runtime.ts";
import type { HealthcheckResult } from "../../../spec/engine-api/mod.ts";
import { createExec, startExecAttached } from "../exec/exec.ts";
import type { ContainerParts } from "../parts.ts";
import type { HealthProbe } from "./health-config.ts";
import { LimitedOutput } from "./limited-output.ts";

const SIGKILL = 9;

/**
 * Runs a probe in a running container once. What keeps it from running, and running too long, are results too, with
 * exit code -1. Errors: canceled where the signal is aborted; the probe ends with its container then.
 */
export async function runProbe(
  parts: ContainerParts,
  containerId: string,
  probe: HealthProbe,
  signal: AbortSignal,
): Promise<HealthcheckResult> {
  const { timers } = parts;
  const startNs = timers.nowNs();
  const result = (exitCode: number, output: string): HealthcheckResult => ({
    Start: formatRfc3339Nano(startNs),
    End: formatRfc3339Nano(timers.nowNs()),
    ExitCode: exitCode,
    Output: output,
  });
  try {
    const running = await startProbe(parts, containerId, probe.command);
    const exitCode = await exitWithin(parts, running, probe.timeoutMs, signal);
    const output = running.output.text();
    if (exitCode !== undefined) return result(exitCode, output);
    const exceeded = `Health check exceeded timeout (${formatGoDuration(BigInt(Math.round(probe.timeoutMs * 1e6)))})`;
    return result(-1, output === "" ? exceeded : `${exceeded}: ${output}`);
  } catch (error) {
    if (isKind(error, "canceled")) throw error;
    return result(-1, messageOf(error));
  }
}

interface RunningProbe {
  readonly session: AttachSession;
  /** Undefined where it has ended already. */
  readonly process: ExecProcess | undefined;
  readonly output: LimitedOutput;
  /** Its exit code, once all that it wrote was read. */
  readonly finished: Promise<number>;
}

async function startProbe(
  parts: ContainerParts,
  containerId: string,
  command: readonly string[],
): Promise<RunningProbe> {
  const { id } = createExec(
    parts,
    { id: containerId, name: containerId },
    {
      Cmd: [...command],
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
    },
  );
  const session = await startExecAttached(parts, id, { tty: false, consoleSize: undefined });
  const exec = parts.execs.get(id);
  const process = exec?.process;
  const output = new LimitedOutput();
  const read = async () => {
    for await (const { bytes } of session.output) output.add(bytes);
    return process ? (await process.wait()).exitCode : (exec?.exitCode ?? -1);
  };
  const finished = read();
  // Whoever gave up waiting has no use for a late failure.
  finished.catch(() => {});
  return { session, process, output, finished };
}

/** The exit code; undefined where the probe took too long and was killed. */
async function exitWithin(
  { timers }: ContainerParts,
  { session, process, finished }: RunningProbe,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const done = new AbortController();
  try {
    const timeout = timers.wait(timeoutMs, AbortSignal.any([signal, done.signal])).then(() => undefined);
    timeout.catch(() => {
      // Either the probe was faster, or the race below has told of the abort.
    });
    const exitCode = await Promise.race([finished, timeout]);
    if (exitCode === undefined) await kill(process);
    return exitCode;
  } finally {
    done.abort();
    session.close();
  }
}

async function kill(process: ExecProcess | undefined): Promise<void> {
  try {
    await process?.kill(SIGKILL);
  } catch (error) {
    // It ended in this moment; a process that it left behind holds its output.
    if (!isKind(error, "notFound")) throw error;
  }
  await process?.wait();
}

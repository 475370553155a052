import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { notFound } from "../../base/errors.ts";
import type { TerminalSize } from "../../core/tasks/task-runtime.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** Writes a command to a monitor's control FIFO; false where no monitor reads it. */
async function sendCommand(path: string, line: string): Promise<boolean> {
  try {
    // Without a reader the open fails at once rather than waiting for one.
    await using fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    await fifo.write(line);
    return true;
  } catch (error) {
    if (isErrno(error, "ENXIO", "ENOENT", "EPIPE")) return false;
    throw error;
  }
}

/** The terminal has the size. Errors: notFound where the monitor has ended. */
export async function resizeTerminal(fifoPath: string, size: TerminalSize): Promise<void> {
  if (await sendCommand(fifoPath, `1 ${size.rows} ${size.columns}\n`)) return;
  throw notFound("cannot resize a stopped container");
}

/** The monitor closes its spool and opens the file of the same name anew. No effect where the monitor has ended. */
export async function reopenSpool(fifoPath: string): Promise<void> {
  await sendCommand(fifoPath, "2 0 0\n");
}

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { notFound } from "../../base/errors.ts";
import type { TerminalSize } from "../../core/tasks/task-runtime.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** The terminal has the size. Errors: notFound where the monitor has ended. */
export async function resizeTerminal(fifoPath: string, size: TerminalSize): Promise<void> {
  try {
    // Without a reader the open fails at once rather than waiting for one.
    await using fifo = await open(fifoPath, constants.O_WRONLY | constants.O_NONBLOCK);
    await fifo.write(`1 ${size.rows} ${size.columns}\n`);
  } catch (error) {
    if (!isErrno(error, "ENXIO", "ENOENT", "EPIPE")) throw error;
    throw notFound("cannot resize a stopped container", { cause: error });
  }
}

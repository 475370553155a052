import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Readable } from "node:stream";

/** Where the pipe that tells readiness is found in the child. */
const READY_FD = 3;

export interface DetachedOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Gets the child's stdout and stderr, appended. Made with mode 0600. */
  readonly logFile: string;
  /** The variable that tells the child the descriptor to write a byte to once it is ready. */
  readonly readyVariable: string;
}

/**
 * A process runs in a session of its own and outlives this one. Resolves with true once it says that it is ready and
 * with false when it ends without having said so. Rejects where it cannot be started.
 * Uses no foreign functions, so that a command line that needs nothing else of `os/` stays quick to start.
 */
export async function startDetached(options: DetachedOptions): Promise<boolean> {
  const log = openSync(options.logFile, "a", 0o600);
  try {
    const child = spawn(options.command, options.args ?? [], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log, log, "pipe"],
      env: { ...process.env, [options.readyVariable]: String(READY_FD) },
    });
    child.unref();
    // There is none where the program could not be started.
    const pipe = child.stdio[READY_FD] as Readable | null;
    // The exit is not listened for: it may be told before the byte that the child wrote ahead of it.
    return await new Promise<boolean>((resolve, reject) => {
      child.once("error", reject);
      pipe?.once("data", () => resolve(true));
      pipe?.once("end", () => resolve(false));
    }).finally(() => pipe?.destroy());
  } finally {
    closeSync(log);
  }
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConnectionError } from "../client/errors.ts";
import { startDetached } from "../os/detached.ts";

const LOG_FILE = "/var/log/gantry.log";

/** The launcher beside the sources, found from this file so that any checkout starts its own engine. */
function launcher(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "..", "..", "gantryd");
}

/** Whether a connection failed since nothing listens, rather than since we may not. */
function nothingListens(error: ConnectionError): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "FailedToOpenSocket";
}

/**
 * Starts the local engine in the background and returns once it listens, or once it has given up: of two commands
 * that start one at the same time, the second engine finds the first. Throws the
 * reason where starting one is not ours to do.
 */
export async function startEngine(reason: ConnectionError): Promise<void> {
  const command = launcher();
  if (process.getuid?.() !== 0 || !nothingListens(reason) || !existsSync(command)) throw reason;
  await startDetached({ command, logFile: LOG_FILE, readyVariable: "GANTRY_READY_FD" });
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConnectionError } from "../client/errors.ts";
import { startDetached } from "../os/detached.ts";
import { ExitError } from "./exit.ts";

/** Where an engine that was started here writes its log. */
export const ENGINE_LOG = "/var/log/gantry.log";

/**
 * The launcher at the top of the checkout that this code belongs to, compiled or not, so that any starts its own engine;
 * undefined where it was taken out of one.
 */
function launcher(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== "/"; folder = dirname(folder)) {
    const program = join(folder, "gantryd");
    if (existsSync(program)) return program;
  }
  return undefined;
}

/** Whether a connection failed since nothing listens, rather than since we may not. */
function nothingListens(error: ConnectionError): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "FailedToOpenSocket";
}

/**
 * Starts the local engine in the background and returns once it listens, or once it has ended without having listened: of
 * two commands that start one at the same time, the second engine finds the first. Whether it listens.
 * Errors: ExitError where only root could start it; the reason itself where starting one is not ours to do.
 */
export async function startEngine(reason: ConnectionError): Promise<boolean> {
  const command = launcher();
  if (!nothingListens(reason) || command === undefined) throw reason;
  if (process.getuid?.() !== 0) {
    throw new ExitError(
      1,
      `${reason.message}\nOnly root can start the engine: run this as root, or have gantryd started.`,
    );
  }
  return await startDetached({ command, logFile: ENGINE_LOG, readyVariable: "GANTRY_READY_FD" });
}

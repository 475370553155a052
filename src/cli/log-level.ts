import { ExitError } from "./exit.ts";
import type { Globals } from "./globals.ts";

const LEVELS = ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"];

/** Whether the program says what it does: `--debug`, `--log-level debug`. Errors: an ExitError for what is no level. */
export function wantsDebugLog({ debug, "log-level": level }: Globals): boolean {
  const name = level.toLowerCase();
  if (!LEVELS.includes(name)) throw new ExitError(1, `Unable to parse logging level: ${level}`);
  return debug || name === "debug" || name === "trace";
}

/** A line of the debug log, in the form that docker's have where no terminal reads them. */
export function debugLine(message: string, now: Date): string {
  return `time="${now.toISOString().replace(/\.\d+Z$/, "Z")}" level=debug msg=${JSON.stringify(message)}`;
}

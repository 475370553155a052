import { destination, type LevelWithSilent, pino } from "pino";
import { invalidArgument } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";

const LEVELS: Readonly<Record<string, LevelWithSilent>> = {
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "fatal",
};

/** A logger that writes JSON lines to stderr. Errors: invalidArgument for a level docker does not know. */
export function createLogger(level: string): Logger {
  const known = LEVELS[level];
  if (!known) throw invalidArgument(`invalid logging level: ${level}`);
  // Lines of a process that is about to be killed must be out: no buffer.
  return pino({ level: known, base: null }, destination({ fd: 2, sync: true }));
}

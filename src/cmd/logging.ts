import { destination, type LevelWithSilent, pino } from "pino";
import { invalidArgument } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { textLine } from "./text-log.ts";

const LEVELS: Readonly<Record<string, LevelWithSilent>> = {
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "fatal",
  panic: "fatal",
  trace: "trace",
};

export type LogFormat = "text" | "json";

function levelNamed(level: string): LevelWithSilent {
  const known = LEVELS[level];
  if (!known) throw invalidArgument(`invalid logging level: ${level}`);
  return known;
}

/** A logger that writes lines to stderr. Errors: invalidArgument for a level docker does not know. */
export function createLogger(
  level: string,
  format: LogFormat,
): { readonly logger: Logger; setLevel(level: string): void } {
  // Lines of a process that is about to be killed must be out: no buffer.
  const stderr = destination({ fd: 2, sync: true });
  const sink = format === "text" ? { write: (line: string) => stderr.write(textLine(line)) } : stderr;
  const logger = pino({ level: levelNamed(level), base: null }, sink);
  return {
    logger,
    setLevel: (next) => {
      logger.level = levelNamed(next);
    },
  };
}

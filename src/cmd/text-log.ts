import { levels } from "pino";

/**
 * A line of the log in the form of docker's own: `time="2026-01-31T10:00:00.123Z" level=info msg="API listens" address=…`.
 * Takes a line of pino's with its end; gives one with its end.
 */
export function textLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as {
    level: number;
    time: number;
    msg?: string;
  } & Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${quoteWhereNeeded(textOf(value))}`);
  const name = levels.labels[level] === "warn" ? "warning" : (levels.labels[level] ?? String(level));
  const start = `time="${new Date(time).toISOString()}" level=${name} msg=${JSON.stringify(msg ?? "")}`;
  return `${[start, ...pairs].join(" ")}\n`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quoteWhereNeeded(text: string): string {
  return /^[\w./@^+:-]+$/.test(text) ? text : JSON.stringify(text);
}

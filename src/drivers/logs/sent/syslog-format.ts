import { hostname } from "node:os";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import { lineOf } from "./message-sink.ts";

/** `syslog-format`; the empty one is what syslog daemons read from /dev/log. */
export const SYSLOG_FORMATS = ["", "rfc3164", "rfc5424", "rfc5424micro"] as const;
export type SyslogFormat = (typeof SYSLOG_FORMATS)[number];

export interface SyslogHeader {
  readonly facility: number;
  readonly tag: string;
  readonly format: SyslogFormat;
  /** Messages on a TLS stream carry their length. Source: RFC 5425, section 4.3. */
  readonly framed: boolean;
}

const SEVERITY = { stdout: 6, stderr: 3 } as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const NEWLINE = Buffer.from("\n");

/** A message with its closing newline. Source: RFC 3164; RFC 5424, section 6. */
export function encodeSyslog({ facility, tag, format, framed }: SyslogHeader, entry: LogEntry): Buffer {
  const priority = `<${facility * 8 + SEVERITY[entry.stream]}>`;
  const pid = process.pid;
  const header =
    format === ""
      ? `${priority}${stamp(entry.timeNs)} ${tag}[${pid}]: `
      : format === "rfc3164"
        ? `${priority}${stamp(entry.timeNs)} ${hostname()} ${tag}[${pid}]: `
        : `${priority}1 ${timestamp(entry.timeNs, format)} ${hostname()} ${tag} ${pid} ${tag} - `;
  const message = Buffer.concat([Buffer.from(header), lineOf(entry), NEWLINE]);
  return framed ? Buffer.concat([Buffer.from(`${message.byteLength} `), message]) : message;
}

const two = (value: number) => String(value).padStart(2, "0");

function clock(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** Local time as `Jan _2 15:04:05`. */
function stamp(timeNs: bigint): string {
  const time = new Date(Number(timeNs / 1_000_000n));
  return `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2)} ${clock(time)}`;
}

/** Local time with its zone. */
function timestamp(timeNs: bigint, format: SyslogFormat): string {
  const time = new Date(Number(timeNs / 1_000_000n));
  const offset = -time.getTimezoneOffset();
  const zone =
    offset === 0
      ? "Z"
      : `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const micros = String((timeNs % 1_000_000_000n) / 1000n).padStart(6, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${clock(time)}${format === "rfc5424micro" ? `.${micros}` : ""}${zone}`;
}

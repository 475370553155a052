import { invalidArgument, messageOf } from "../../../base/errors.ts";
import type { Nanoseconds } from "../../../base/time.ts";
import type { ContainerLogs, DetailedLogEntry } from "../../../core/containers/streams.ts";
import { encodeFrameHeader, STDERR_STREAM, STDOUT_STREAM } from "../../../spec/engine-api/stdcopy.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { encodeStreamError, streamContentType } from "../relay-session.ts";
import type { ContainersBackend } from "./backend.ts";

interface LogFormat {
  readonly tty: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
}

export function logsRoute(backend: ContainersBackend): Endpoint {
  return {
    method: "GET",
    path: "/containers/:name/logs",
    handle: async (exchange) => {
      const { query, signal } = exchange;
      const [stdout, stderr] = [query.bool("stdout"), query.bool("stderr")];
      if (!stdout && !stderr) {
        throw invalidArgument("Bad parameters: you must choose at least one stream");
      }
      const details = query.bool("details");
      const sinceNs = query.timestamp("since", 'invalid value for "since"');
      const untilNs = exchange.version.atLeast("1.35")
        ? query.timestamp("until", 'invalid value for "until"')
        : undefined;
      const logs = await backend.logs(exchange.param("name"), {
        stdout,
        stderr,
        follow: query.bool("follow"),
        sinceNs: sinceNs === 0n ? undefined : sinceNs,
        untilNs: untilNs === 0n ? undefined : untilNs,
        tail: parseTail(query.text("tail")),
        details,
        signal,
      });
      const format = { tty: logs.tty, timestamps: query.bool("timestamps"), details };
      await answerLogs(exchange, logs, format);
    },
  };
}

/** Last lines to show; anything but a number from 0 on means all of them. */
function parseTail(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

async function answerLogs(exchange: Exchange, logs: ContainerLogs, format: LogFormat): Promise<void> {
  await exchange.stream(
    { "Content-Type": streamContentType(exchange, logs.tty) },
    encodeEntries(logs, format),
  );
}

async function* encodeEntries(logs: ContainerLogs, format: LogFormat): AsyncGenerator<Uint8Array> {
  // A line that comes in parts gets its timestamp and details once.
  const unfinished = { stdout: false, stderr: false };
  try {
    for await (const entries of logs.groups) {
      const pieces: Uint8Array[] = [];
      for (const entry of entries) {
        const bytes = unfinished[entry.stream] ? entry.bytes : withPrefix(entry, format);
        unfinished[entry.stream] = entry.partial;
        if (!format.tty) {
          const stream = entry.stream === "stderr" ? STDERR_STREAM : STDOUT_STREAM;
          pieces.push(encodeFrameHeader(stream, bytes.byteLength));
        }
        pieces.push(bytes);
      }
      yield Buffer.concat(pieces);
    }
  } catch (error) {
    yield encodeStreamError(`Error grabbing logs: ${messageOf(error)}\n`, format.tty);
  }
}

function withPrefix(entry: DetailedLogEntry, format: LogFormat): Uint8Array {
  let prefix = "";
  if (format.timestamps) prefix += `${fixedTimestamp(entry.timeNs)} `;
  if (format.details) prefix += `${encodeAttributes(entry.attributes ?? {})} `;
  return prefix === "" ? entry.bytes : Buffer.concat([Buffer.from(prefix), entry.bytes]);
}

/** RFC 3339 with all nine decimals, so that columns line up. */
function fixedTimestamp(timeNs: Nanoseconds): string {
  const seconds = new Date(Number(timeNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % 1_000_000_000n).toString().padStart(9, "0")}Z`;
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  const encode = (text: string) => encodeURIComponent(text).replaceAll("%20", "+");
  return Object.keys(attributes)
    .sort()
    .map((key) => `${encode(key)}=${encode(attributes[key]!)}`)
    .join(",");
}

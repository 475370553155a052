import { statSync } from "node:fs";
import { invalidArgument } from "../../../base/errors.ts";
import { shortId } from "../../../base/ids.ts";
import { formatRfc3339Nano } from "../../../base/time.ts";
import type { LogDriver, LogOptions, LogSink, LogSource } from "../../../core/logs/log-driver.ts";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import type { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { checkAttributes, collectAttributes } from "../attributes.ts";
import { checkNames } from "../options.ts";
import { DEFAULT_TAG, renderTag } from "../tag.ts";
import { lineOf, MessageSink } from "./message-sink.ts";
import { UnixDatagramConnection } from "./unix-datagram-connection.ts";

const JOURNAL_SOCKET = "/run/systemd/journal/socket";
const PRIORITY = { stdout: "6", stderr: "3" } as const;

/** Sends logs to the journal. */
export class JournaldDriver implements LogDriver {
  readonly name = "journald";
  readonly #reactor: Reactor;
  readonly #socketPath: string;

  constructor(reactor: Reactor, socketPath: string = JOURNAL_SOCKET) {
    this.#reactor = reactor;
    this.#socketPath = socketPath;
  }

  validate(options: LogOptions): void {
    checkNames(options, [], "journald log driver");
    checkAttributes(options);
    if (!statSync(this.#socketPath, { throwIfNoEntry: false })) {
      throw invalidArgument("journald is not enabled on this host");
    }
  }

  openSink(source: LogSource): LogSink {
    const tag = renderTag(source, DEFAULT_TAG);
    const fields = {
      CONTAINER_ID: shortId(source.containerId),
      CONTAINER_ID_FULL: source.containerId,
      CONTAINER_NAME: source.containerName,
      CONTAINER_TAG: tag,
      IMAGE_NAME: source.imageName,
      SYSLOG_IDENTIFIER: tag,
      ...collectAttributes(source, fieldName),
    };
    const connection = new UnixDatagramConnection(this.#reactor, [this.#socketPath]);
    return new MessageSink(connection, (entry) => [encodeJournalEntry(fields, entry)]);
  }

  logPath(): string {
    return "";
  }
}

/** A name of upper-case letters, digits and underscores that does not begin with one. */
function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "_")
    .replace(/^_+/, "");
}

/** An entry of the journal's native protocol. Source: systemd, "Native Journal Protocol". */
function encodeJournalEntry(fields: Readonly<Record<string, string>>, entry: LogEntry): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => encodeField(name, Buffer.from(value)));
  parts.push(encodeField("PRIORITY", Buffer.from(PRIORITY[entry.stream])));
  parts.push(encodeField("SYSLOG_TIMESTAMP", Buffer.from(formatRfc3339Nano(entry.timeNs))));
  if (entry.partial) parts.push(encodeField("CONTAINER_PARTIAL_MESSAGE", Buffer.from("true")));
  parts.push(encodeField("MESSAGE", lineOf(entry)));
  return Buffer.concat(parts);
}

const NEWLINE = 0x0a;

function encodeField(name: string, value: Buffer): Buffer {
  if (!value.includes(NEWLINE))
    return Buffer.concat([Buffer.from(`${name}=`), value, Buffer.from([NEWLINE])]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value.byteLength));
  return Buffer.concat([Buffer.from(`${name}\n`), size, value, Buffer.from([NEWLINE])]);
}

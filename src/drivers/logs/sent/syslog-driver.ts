import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { invalidArgument } from "../../../base/errors.ts";
import type { LogDriver, LogOptions, LogSink, LogSource } from "../../../core/logs/log-driver.ts";
import type { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { checkAttributes } from "../attributes.ts";
import { checkNames } from "../options.ts";
import { DEFAULT_TAG, renderTag } from "../tag.ts";
import { isTransportAddress, parseAddress, type SinkAddress } from "./address.ts";
import { openConnection, type SinkConnection } from "./connection.ts";
import { MessageSink } from "./message-sink.ts";
import { encodeSyslog, SYSLOG_FORMATS, type SyslogFormat } from "./syslog-format.ts";
import { UnixDatagramConnection } from "./unix-datagram-connection.ts";

const OPTIONS = [
  "syslog-address",
  "syslog-facility",
  "syslog-format",
  "syslog-tls-ca-cert",
  "syslog-tls-cert",
  "syslog-tls-key",
  "syslog-tls-skip-verify",
];
// Numbers of facilities are their places. Source: RFC 5424, section 6.2.1; 12 to 15 have no common names.
const FACILITIES =
  "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - local0 local1 local2 local3 local4 local5 local6 local7".split(
    " ",
  );
const DAEMON = FACILITIES.indexOf("daemon");
const DEFAULT_PORT = 514;
const LOCAL_SOCKETS = ["/dev/log", "/var/run/syslog", "/var/run/log"];

/** Sends logs to a syslog daemon. */
export class SyslogDriver implements LogDriver {
  readonly name = "syslog";
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  validate(options: LogOptions): void {
    checkNames(options, OPTIONS, "syslog log driver");
    const address = parseSyslogAddress(options["syslog-address"]);
    if (address?.path) requireSocket(address.path);
    parseFacility(options["syslog-facility"]);
    parseFormat(options["syslog-format"]);
    if (address?.protocol === "tcp+tls") checkTlsFiles(options);
    checkAttributes(options);
  }

  openSink(source: LogSource): LogSink {
    const { options } = source;
    const address = parseSyslogAddress(options["syslog-address"]);
    const format = parseFormat(options["syslog-format"]);
    const header = {
      facility: parseFacility(options["syslog-facility"]),
      tag: renderTag(source, DEFAULT_TAG),
      format,
      framed: format.startsWith("rfc5424") && address?.protocol === "tcp+tls",
    };
    return new MessageSink(this.#connect(address, options), (entry) => [encodeSyslog(header, entry)]);
  }

  logPath(): string {
    return "";
  }

  #connect(address: SinkAddress | undefined, options: LogOptions): SinkConnection {
    if (!address) return new UnixDatagramConnection(this.#reactor, LOCAL_SOCKETS);
    return openConnection(this.#reactor, address, () => tlsOptions(options));
  }
}

/** Undefined for the machine's own daemon. */
function parseSyslogAddress(text: string | undefined): SinkAddress | undefined {
  if (!text) return undefined;
  const refusal = `syslog-address should be in form proto://address, got ${text}`;
  if (!isTransportAddress(text)) throw invalidArgument(refusal);
  return parseAddress(text, DEFAULT_PORT, refusal);
}

function requireSocket(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw invalidArgument(`stat ${path}: no such file or directory`, { cause: error });
  }
}

function parseFacility(text: string | undefined): number {
  if (!text) return DAEMON;
  const named = text === "-" ? -1 : FACILITIES.indexOf(text);
  const facility = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : -1;
  if (facility < 0 || facility > 23) throw invalidArgument("invalid syslog facility");
  return facility;
}

function parseFormat(text = ""): SyslogFormat {
  const format = SYSLOG_FORMATS.find((known) => known === text);
  if (format === undefined) throw invalidArgument("Invalid syslog format");
  return format;
}

function checkTlsFiles(options: LogOptions): void {
  for (const name of ["syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key"]) {
    const path = options[name];
    if (!path) continue;
    try {
      readFileSync(path);
    } catch (error) {
      throw invalidArgument(`could not read ${name.slice("syslog-tls-".length)} ${path}`, { cause: error });
    }
  }
}

/** Read at each connection: certificates are renewed. */
async function tlsOptions(options: LogOptions): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all(
    ["syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key"].map((name) =>
      options[name] ? readFile(options[name]) : undefined,
    ),
  );
  return {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    // Docker looks at whether the option is there, whatever its value.
    rejectUnauthorized: options["syslog-tls-skip-verify"] === undefined,
  };
}

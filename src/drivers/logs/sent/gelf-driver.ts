import { invalidArgument } from "../../../base/errors.ts";
import type { LogDriver, LogOptions, LogSink, LogSource } from "../../../core/logs/log-driver.ts";
import type { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { checkAttributes } from "../attributes.ts";
import { ATTRIBUTE_OPTIONS } from "../options.ts";
import { isTransportAddress, parseAddress, type SinkAddress } from "./address.ts";
import { openConnection } from "./connection.ts";
import { compressGelf, encodeGelf, type GelfCompression, gelfFields, splitGelf } from "./gelf-message.ts";
import { MessageSink } from "./message-sink.ts";

const UDP_OPTIONS = ["gelf-compression-type", "gelf-compression-level"];
const TCP_OPTIONS = ["gelf-tcp-max-reconnect", "gelf-tcp-reconnect-delay"];
const OPTIONS: ReadonlySet<string> = new Set([
  ...ATTRIBUTE_OPTIONS,
  ...UDP_OPTIONS,
  ...TCP_OPTIONS,
  "gelf-address",
]);
const COMPRESSIONS: readonly string[] = ["gzip", "zlib", "none"] satisfies GelfCompression[];
const BEST_SPEED = "1";
const DEFAULT_RECONNECT_DELAY_S = "1";
const NUL = Buffer.from([0]);

/** Sends logs in the Graylog Extended Log Format. */
export class GelfDriver implements LogDriver {
  readonly name = "gelf";
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  validate(options: LogOptions): void {
    const { protocol } = parseGelfAddress(options["gelf-address"]);
    for (const [name, value] of Object.entries(options)) checkOption(name, value, protocol);
    checkAttributes(options);
  }

  openSink(source: LogSource): LogSink {
    const { options } = source;
    const address = parseGelfAddress(options["gelf-address"]);
    const connection = openConnection(this.#reactor, address);
    const fields = gelfFields(source);
    if (address.protocol === "tcp") {
      return new MessageSink(
        connection,
        (entry) => {
          const message = encodeGelf(fields, entry);
          return message ? [message, NUL] : [];
        },
        reconnects(options),
      );
    }
    const compression = (options["gelf-compression-type"] ?? "gzip") as GelfCompression;
    const level = Number(options["gelf-compression-level"] ?? BEST_SPEED);
    return new MessageSink(connection, (entry) => {
      const message = encodeGelf(fields, entry);
      return message ? splitGelf(compressGelf(message, compression, level)) : [];
    });
  }

  logPath(): string {
    return "";
  }
}

/** Without a limit of its own the engine's patience counts. */
function reconnects(options: LogOptions) {
  const attempts = options["gelf-tcp-max-reconnect"];
  const delaySeconds = options["gelf-tcp-reconnect-delay"];
  if (attempts === undefined && delaySeconds === undefined) return undefined;
  return {
    waitMs: Number(delaySeconds ?? DEFAULT_RECONNECT_DELAY_S) * 1000,
    ...(attempts === undefined ? {} : { attempts: Number(attempts) }),
  };
}

function parseGelfAddress(text: string | undefined): SinkAddress {
  if (!text) throw invalidArgument("gelf-address is a required parameter");
  if (!isTransportAddress(text)) {
    throw invalidArgument(`gelf-address should be in form proto://address, got ${text}`);
  }
  const address = parseAddress(text, undefined, "gelf: please provide gelf-address as proto://host:port");
  if (address.protocol !== "udp" && address.protocol !== "tcp") {
    throw invalidArgument("gelf: endpoint needs to be TCP or UDP");
  }
  return address;
}

function checkOption(name: string, value: string, protocol: SinkAddress["protocol"]): void {
  if (!OPTIONS.has(name)) throw invalidArgument(`unknown log opt "${name}" for gelf log driver`);
  if (UDP_OPTIONS.includes(name)) {
    if (protocol !== "udp") throw invalidArgument("compression is only supported on UDP");
    const known =
      name === "gelf-compression-type"
        ? COMPRESSIONS.includes(value)
        : /^-?\d+$/.test(value) && Number(value) >= -1 && Number(value) <= 9;
    if (!known) throw invalidArgument(`unknown value "${value}" for log opt "${name}" for gelf log driver`);
  }
  if (TCP_OPTIONS.includes(name)) {
    if (protocol !== "tcp") throw invalidArgument(`"${name}" is only valid for TCP`);
    if (!/^\+?\d+$/.test(value)) throw invalidArgument(`"${name}" must be a positive integer`);
  }
}

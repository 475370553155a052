import { parseBinarySize } from "../../../base/bytes.ts";
import { invalidArgument } from "../../../base/errors.ts";
import type { LogDriver, LogOptions, LogSink, LogSource } from "../../../core/logs/log-driver.ts";
import { checkAttributes, collectAttributes } from "../attributes.ts";
import { checkNames, parseBool, parseDurationMs, parseInteger } from "../options.ts";
import { DEFAULT_TAG, renderTag } from "../tag.ts";
import { isTransportAddress, parseAddress, type SinkAddress } from "./address.ts";
import { FluentdSink, type FluentdSinkOptions } from "./fluentd-sink.ts";

const OPTIONS = [
  "fluentd-address",
  "fluentd-async",
  "fluentd-async-reconnect-interval",
  "fluentd-buffer-limit",
  "fluentd-max-retries",
  "fluentd-read-timeout",
  "fluentd-request-ack",
  "fluentd-retry-wait",
  "fluentd-sub-second-precision",
  "fluentd-write-timeout",
];
const DEFAULT_ADDRESS = "tcp://127.0.0.1:24224";
const DEFAULT_PORT = 24224;
const DEFAULT_RETRY_WAIT_MS = 1000;

/** Sends logs by fluentd's forward protocol. The container waits for it neither with nor without `fluentd-async`. */
export class FluentdDriver implements LogDriver {
  readonly name = "fluentd";

  validate(options: LogOptions): void {
    checkNames(options, OPTIONS, "fluentd log driver");
    parseSettings(options);
    checkAttributes(options);
  }

  openSink(source: LogSource): LogSink {
    return new FluentdSink({
      ...parseSettings(source.options),
      tag: renderTag(source, DEFAULT_TAG),
      fields: {
        container_id: source.containerId,
        container_name: `/${source.containerName}`,
        ...collectAttributes(source),
      },
    });
  }

  logPath(): string {
    return "";
  }
}

function parseSettings(options: LogOptions): Omit<FluentdSinkOptions, "tag" | "fields"> {
  const option = <T>(name: string, parse: (text: string) => T): T | undefined =>
    options[`fluentd-${name}`] ? parse(options[`fluentd-${name}`]!) : undefined;
  option("async", parseBool);
  const attempts = option("max-retries", parseInteger);
  const waitMs = option("retry-wait", parseDurationMs) ?? option("async-reconnect-interval", parseDurationMs);
  const maxBacklogBytes = option("buffer-limit", parseBinarySize);
  return {
    address: parseFluentdAddress(options["fluentd-address"]),
    subSecond: option("sub-second-precision", parseBool) ?? false,
    requestAck: option("request-ack", parseBool) ?? false,
    writeTimeoutMs: option("write-timeout", parseDurationMs) ?? 0,
    readTimeoutMs: option("read-timeout", parseDurationMs) ?? 0,
    ...(attempts === undefined && waitMs === undefined
      ? {}
      : {
          retry: { waitMs: waitMs ?? DEFAULT_RETRY_WAIT_MS, ...(attempts === undefined ? {} : { attempts }) },
        }),
    ...(maxBacklogBytes === undefined ? {} : { maxBacklogBytes }),
  };
}

function parseFluentdAddress(text: string | undefined): SinkAddress {
  const given = text || DEFAULT_ADDRESS;
  const address = parseAddress(
    isTransportAddress(given) ? given : `tcp://${given}`,
    DEFAULT_PORT,
    `invalid fluentd-address ${given}`,
  );
  // Docker checks no further; these two would fail at the first line.
  if (address.protocol !== "tcp" && address.protocol !== "unix") {
    throw invalidArgument(`invalid fluentd-address ${given}: unsupported scheme "${address.protocol}"`);
  }
  return { ...address, host: address.host || "127.0.0.1" };
}

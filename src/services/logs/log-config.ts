import { parseBinarySize } from "../../base/bytes.ts";
import { invalidArgument, messageOf } from "../../base/errors.ts";
import { readGoBool } from "../../base/go-bool.ts";
import type { LogDriver, LogDrivers, LogOptions } from "../../core/logs/log-driver.ts";
import { cacheOptions } from "../../drivers/logs/mod.ts";
import type { LogConfig } from "../../spec/engine-api/mod.ts";

/** Options of what is kept beside a driver that cannot be read. */
const CACHE_OPTIONS: readonly string[] = [
  "cache-disabled",
  "cache-max-size",
  "cache-max-file",
  "cache-compress",
];
/** Options that are the engine's own, whatever the driver. */
const ENGINE_OPTIONS: ReadonlySet<string> = new Set(["mode", "max-buffer-size", ...CACHE_OPTIONS]);
const NON_BLOCKING = "non-blocking";
/** Docker's default for `max-buffer-size`. */
const DEFAULT_BUFFER_BYTES = 1024 * 1024;
/** docs/decisions/0005: what may wait for a sink in `blocking` mode, in which docker would stop the container. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/** A driver by name, and its options. */
export interface LogChoice {
  readonly Type: string;
  readonly Config: Record<string, string>;
}

/** A log configuration with every option of the engine taken out of it. */
export interface ParsedLogConfig {
  readonly driver: LogDriver;
  readonly options: LogOptions;
  /** Those that are the driver's own. */
  readonly driverOptions: LogOptions;
  readonly maxBacklogBytes: number;
  readonly cacheDisabled: boolean;
}

/**
 * What a container gets where it asks for nothing, or for the default driver without some option. What is kept beside a
 * driver is the engine's own affair, so that these defaults hold for every driver. Source: moby, daemon/logs.go.
 */
export function mergeLogConfig(request: LogConfig | undefined, defaults: LogChoice): LogChoice {
  const type = request?.Type || defaults.Type;
  const inherited = Object.entries(defaults.Config).filter(
    ([option]) => type === defaults.Type || CACHE_OPTIONS.includes(option),
  );
  return { Type: type, Config: { ...Object.fromEntries(inherited), ...request?.Config } };
}

/** Errors: invalidArgument with docker's texts. */
export function parseLogConfig(
  { Type: name, Config: options }: LogChoice,
  drivers: LogDrivers,
): ParsedLogConfig {
  if (name !== "none") checkEngineOptions(options);
  const driver = drivers.known(name);
  const driverOptions = Object.fromEntries(
    Object.entries(options).filter(([option]) => !ENGINE_OPTIONS.has(option)),
  );
  return {
    driver,
    options,
    driverOptions,
    maxBacklogBytes: options["mode"] === NON_BLOCKING ? bufferBytes(options) : MAX_BACKLOG_BYTES,
    cacheDisabled: readGoBool(options["cache-disabled"] ?? "") ?? false,
  };
}

function checkEngineOptions(options: LogOptions): void {
  const mode = options["mode"] ?? "";
  if (!["", "blocking", NON_BLOCKING].includes(mode)) {
    throw invalidArgument(`logger: logging mode not supported: ${mode}`);
  }
  if (options["max-buffer-size"] !== undefined) {
    if (mode !== NON_BLOCKING) {
      throw invalidArgument("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    }
    bufferBytes(options);
  }
  const disabled = options["cache-disabled"] ?? "";
  if (disabled !== "" && readGoBool(disabled) === undefined) {
    throw invalidArgument(`invalid value for option cache-disabled: ${disabled}`);
  }
}

function bufferBytes(options: LogOptions): number {
  const text = options["max-buffer-size"];
  if (text === undefined) return DEFAULT_BUFFER_BYTES;
  try {
    return parseBinarySize(text);
  } catch (error) {
    throw invalidArgument(`error parsing option max-buffer-size: ${messageOf(error)}`, { cause: error });
  }
}

/** Checks what only a new container must satisfy. Errors: invalidArgument with docker's texts. */
export async function checkLogConfig(
  { driver, options, driverOptions }: ParsedLogConfig,
  drivers: LogDrivers,
  cache: LogDriver,
): Promise<void> {
  if (!(await drivers.has(driver.name))) {
    throw invalidArgument(`logger: no log driver named '${driver.name}' is registered`);
  }
  driver.validate(driverOptions);
  cache.validate(cacheOptions(options));
}

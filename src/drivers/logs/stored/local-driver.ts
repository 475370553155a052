import { join } from "node:path";
import type { Logger } from "../../../base/logger.ts";
import type { LogDriver, LogOptions, LogSource, LogStore } from "../../../core/logs/log-driver.ts";
import { checkAttributes } from "../attributes.ts";
import { checkNames } from "../options.ts";
import { LIMIT_OPTIONS, parseLimits } from "./limits.ts";
import { LocalFormat } from "./local-format.ts";
import { RotatingLog, type RotationLimits } from "./rotating-log.ts";

const DEFAULT_LIMITS: RotationLimits = { maxFileBytes: 20 * 1024 * 1024, maxFiles: 5, compress: true };
const CACHE_PREFIX = "cache-";

/** Keeps logs in docker's compact binary format, 100 MB at the most unless asked otherwise. */
export class LocalDriver implements LogDriver {
  readonly name = "local";
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  validate(options: LogOptions): void {
    checkNames(options, LIMIT_OPTIONS, "log driver local");
    limitsOf(options);
    checkAttributes(options);
  }

  openStore(source: LogSource): LogStore {
    return this.#open(join(source.directory, "local-logs", "container.log"), source.options);
  }

  /** What `logs` reads where the container's driver only sends: bounded by the options that begin with `cache-`. */
  openCache(source: LogSource): LogStore {
    return this.#open(join(source.directory, "container-cached.log"), cacheOptions(source.options));
  }

  logPath(): string {
    return "";
  }

  #open(path: string, options: LogOptions): LogStore {
    return new RotatingLog({
      path,
      format: new LocalFormat(),
      limits: limitsOf(options),
      logger: this.#logger,
    });
  }
}

/** The options of the cache as options of the driver. */
export function cacheOptions(options: LogOptions): LogOptions {
  const found: Record<string, string> = {};
  for (const name of LIMIT_OPTIONS) {
    const value = options[CACHE_PREFIX + name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Unlike json-file's, the bound of one option does not depend on the other being given. */
function limitsOf(options: LogOptions): RotationLimits {
  return parseLimits({ "max-file": String(DEFAULT_LIMITS.maxFiles), ...options }, DEFAULT_LIMITS);
}

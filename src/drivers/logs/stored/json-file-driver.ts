import { join } from "node:path";
import type { Logger } from "../../../base/logger.ts";
import type { LogDriver, LogOptions, LogSource, LogStore } from "../../../core/logs/log-driver.ts";
import { checkAttributes } from "../attributes.ts";
import { checkNames } from "../options.ts";
import { JsonFileFormat } from "./json-file-format.ts";
import { LIMIT_OPTIONS, parseLimits } from "./limits.ts";
import { RotatingLog, type RotationLimits } from "./rotating-log.ts";
import { storedAttributes } from "./stored-attributes.ts";

/** docs/decisions/0005: a log that nobody bounded must not fill the disk. */
const DEFAULT_LIMITS: RotationLimits = { maxFileBytes: 20_000_000, maxFiles: 5, compress: false };

/** Keeps logs as `<id>-json.log` in docker's format. */
export class JsonFileDriver implements LogDriver {
  readonly name = "json-file";
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  validate(options: LogOptions): void {
    checkNames(options, LIMIT_OPTIONS, "json-file log driver");
    parseLimits(options, DEFAULT_LIMITS);
    checkAttributes(options);
  }

  openStore(source: LogSource): LogStore {
    return new RotatingLog({
      path: this.logPath(source),
      format: new JsonFileFormat(storedAttributes(source)),
      limits: parseLimits(source.options, DEFAULT_LIMITS),
      logger: this.#logger,
    });
  }

  logPath({ containerId, directory }: Pick<LogSource, "containerId" | "directory">): string {
    return join(directory, `${containerId}-json.log`);
  }
}

import { join } from "node:path";
import { invalidArgument } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { LogDriver, LogOptions, LogSource, LogStore } from "../../../core/logs/log-driver.ts";
import { checkPatterns } from "../attributes.ts";
import { ATTRIBUTE_OPTIONS } from "../options.ts";
import { checkTag } from "../tag.ts";
import { JsonFileFormat } from "./json-file-format.ts";
import { parseLimits } from "./limits.ts";
import { RotatingLog, type RotationLimits } from "./rotating-log.ts";
import { storedAttributes } from "./stored-attributes.ts";

/** docs/decisions/0005: a log that nobody bounded must not fill the disk. */
const DEFAULT_LIMITS: RotationLimits = { maxFileBytes: 20_000_000, maxFiles: 5, compress: false };
const OPTIONS: ReadonlySet<string> = new Set([...ATTRIBUTE_OPTIONS, "max-file", "max-size", "compress"]);

/** Keeps logs as `<id>-json.log` in docker's format. */
export class JsonFileDriver implements LogDriver {
  readonly name = "json-file";
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  validate(options: LogOptions): void {
    for (const name of Object.keys(options)) {
      if (!OPTIONS.has(name)) throw invalidArgument(`unknown log opt '${name}' for json-file log driver`);
    }
    parseLimits(options, DEFAULT_LIMITS);
    checkPatterns(options);
    checkTag(options["tag"]);
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

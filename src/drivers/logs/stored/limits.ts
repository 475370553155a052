import { invalidArgument } from "../../../base/errors.ts";
import type { LogOptions } from "../../../core/logs/log-driver.ts";
import { parseBool, parseDecimalSize, parseInteger } from "../options.ts";
import type { RotationLimits } from "./rotating-log.ts";

/** Options that bound a log which is kept. */
export const LIMIT_OPTIONS: readonly string[] = ["max-size", "max-file", "compress"];

const UNLIMITED = "-1";

/**
 * What `max-size`, `max-file` and `compress` ask for. Where neither size nor number is given the defaults bound the log;
 * a `max-size` alone means one file, as it does for docker, and `max-size=-1` no bound at all.
 * Errors: invalidArgument with docker's texts.
 */
export function parseLimits(options: LogOptions, defaults: RotationLimits): RotationLimits {
  const { "max-size": size, "max-file": files, compress } = options;
  const limits = {
    maxFileBytes: size === undefined ? defaults.maxFileBytes : parseMaxSize(size),
    maxFiles: files === undefined ? (size === undefined ? defaults.maxFiles : 1) : parseMaxFile(files),
  };
  const wantsCompression = compress === undefined ? defaults.compress : parseBool(compress);
  const rotates = limits.maxFileBytes !== undefined && limits.maxFiles > 1;
  if (compress !== undefined && wantsCompression && !rotates) {
    throw invalidArgument("compress cannot be true when max-file is less than 2 or max-size is not set");
  }
  return { ...limits, compress: wantsCompression && rotates };
}

function parseMaxSize(text: string): number | undefined {
  if (text === UNLIMITED) return undefined;
  const sizeBytes = parseDecimalSize(text);
  if (sizeBytes <= 0) throw invalidArgument("max-size must be a positive number");
  return sizeBytes;
}

function parseMaxFile(text: string): number {
  const count = parseInteger(text);
  if (count < 1) throw invalidArgument("max-file cannot be less than 1");
  return count;
}

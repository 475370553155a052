import { invalidArgument } from "../../base/errors.ts";
import type { HealthConfig } from "../../spec/engine-api/mod.ts";

/** Durations in nanoseconds. */
export interface HealthFlags {
  readonly "health-cmd": string;
  readonly "health-interval": number;
  readonly "health-timeout": number;
  readonly "health-start-period": number;
  readonly "health-start-interval": number;
  readonly "health-retries": number;
  readonly "no-healthcheck": boolean;
}

const NUMBERS = [
  "health-interval",
  "health-timeout",
  "health-retries",
  "health-start-period",
  "health-start-interval",
] as const;

/** The health check that the flags describe; undefined leaves it to the image. */
export function parseHealth(flags: HealthFlags): HealthConfig | undefined {
  const given = flags["health-cmd"] !== "" || NUMBERS.some((name) => flags[name] !== 0);
  if (flags["no-healthcheck"]) {
    if (given) throw invalidArgument("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!given) return undefined;
  for (const name of NUMBERS) if (flags[name] < 0) throw invalidArgument(`--${name} cannot be negative`);
  const nonZero = <K extends string>(key: K, value: number) => (value === 0 ? {} : { [key]: value });
  return {
    ...(flags["health-cmd"] === "" ? {} : { Test: ["CMD-SHELL", flags["health-cmd"]] }),
    ...nonZero("Interval", flags["health-interval"]),
    ...nonZero("Timeout", flags["health-timeout"]),
    ...nonZero("StartPeriod", flags["health-start-period"]),
    ...nonZero("StartInterval", flags["health-start-interval"]),
    ...nonZero("Retries", flags["health-retries"]),
  };
}

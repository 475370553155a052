import { invalidArgument } from "../../../base/errors.ts";
import type { ContainerConfig, HealthConfig } from "../../../spec/engine-api/mod.ts";

const MINIMUM_NS = 1_000_000;
const NS_PER_MS = 1_000_000;
const DEFAULT_SHELL = ["/bin/sh", "-c"];

/** How a container's health is looked at. */
export interface HealthProbe {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Time after the start in which failures do not count. */
  readonly startPeriodMs: number;
  /** Interval in that time, until the first success. */
  readonly startIntervalMs: number;
  /** Failures in a row that make a container unhealthy. */
  readonly retries: number;
}

/** Errors: invalidArgument with docker's texts. */
export function checkHealthcheck(health: HealthConfig | null | undefined): void {
  if (!health) return;
  const checkDuration = (name: "Interval" | "Timeout" | "StartPeriod" | "StartInterval") => {
    const nanoseconds = health[name] ?? 0;
    if (nanoseconds !== 0 && nanoseconds < MINIMUM_NS) {
      throw invalidArgument(`${name} in Healthcheck cannot be less than 1ms`);
    }
  };
  checkDuration("Interval");
  checkDuration("Timeout");
  if ((health.Retries ?? 0) < 0) throw invalidArgument("Retries in Healthcheck cannot be negative");
  checkDuration("StartPeriod");
  checkDuration("StartInterval");
}

/** The probe that a config asks for, docker's defaults filled in; undefined for none. */
export function probeOf({ Healthcheck: health, Shell: shell }: ContainerConfig): HealthProbe | undefined {
  const [kind, ...words] = health?.Test ?? [];
  const prefix =
    kind === "CMD" ? [] : kind === "CMD-SHELL" ? (shell?.length ? shell : DEFAULT_SHELL) : undefined;
  if (!health || !prefix) return undefined;
  const milliseconds = (nanoseconds: number | undefined, otherwise: number) =>
    nanoseconds ? nanoseconds / NS_PER_MS : otherwise;
  return {
    command: [...prefix, ...words],
    intervalMs: milliseconds(health.Interval, 30_000),
    timeoutMs: milliseconds(health.Timeout, 30_000),
    startPeriodMs: milliseconds(health.StartPeriod, 0),
    startIntervalMs: milliseconds(health.StartInterval, 5_000),
    retries: health.Retries || 3,
  };
}

import { resolve } from "node:path";
import { invalidArgument } from "../../base/errors.ts";

export interface VolumeFlags {
  /** Sources with their targets, for the host configuration. */
  readonly binds: string[];
  /** Targets without a source: anonymous volumes. */
  readonly anonymous: Record<string, Record<string, never>>;
}

/**
 * What `-v` values ask for: `[source:]target[:options]`. Relative host paths are made absolute; whether the rest means
 * anything is for the engine to say. Errors: invalidArgument for what has empty or too many parts.
 */
export function parseVolumes(values: readonly string[]): VolumeFlags {
  const result: VolumeFlags = { binds: [], anonymous: {} };
  for (const value of new Set(values)) {
    checkParts(value);
    if (value.length <= 2 || !value.includes(":")) result.anonymous[value] = {};
    else result.binds.push(absoluteSource(value));
  }
  return result;
}

function checkParts(value: string): void {
  if (value === "") throw invalidArgument("invalid empty volume spec");
  // docker takes what is this short as a target, whatever it is.
  if (value.length <= 2) return;
  const parts = value.split(":");
  if (parts.includes("")) throw invalidArgument(`invalid spec: ${value}: empty section between colons`);
  if (parts.length > 3) throw invalidArgument(`invalid spec: ${value}: too many colons`);
}

function absoluteSource(value: string): string {
  if (!value.startsWith(".")) return value;
  const colon = value.indexOf(":");
  return resolve(value.slice(0, colon)) + value.slice(colon);
}

/** Mount options of each `--tmpfs` target: `target[:options]`. */
export function parseTmpfs(values: readonly string[]): Record<string, string> {
  const tmpfs: Record<string, string> = {};
  for (const value of values) {
    const colon = value.indexOf(":");
    if (colon < 0) tmpfs[value] = "";
    else tmpfs[value.slice(0, colon)] = value.slice(colon + 1);
  }
  return tmpfs;
}

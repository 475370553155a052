import { invalidArgument } from "../../base/errors.ts";
import { parseDeviceName } from "../../spec/cdi/device-name.ts";
import type { DeviceMapping, DeviceRequest } from "../../spec/engine-api/mod.ts";

function isMode(text: string): boolean {
  return text !== "" && /^[rwm]+$/.test(text) && new Set(text).size === text.length;
}

/** Whether a value is a CDI name, and so no path. */
const isDeviceName = (text: string) => parseDeviceName(text) !== undefined;

function parseMapping(text: string): DeviceMapping {
  const parts = text.split(":");
  if (parts.length > 3) throw invalidArgument(`invalid device specification: ${text}`);
  const [source = "", second, third] = parts;
  const secondIsMode = second !== undefined && third === undefined && isMode(second);
  const target = (secondIsMode ? undefined : second) || source;
  const permissions = third ?? (secondIsMode ? second : "rwm");
  if (third !== undefined && !isMode(third)) throw invalidArgument(`bad mode specified: ${third}`);
  if (!source.startsWith("/")) throw invalidArgument(`${source} is not an absolute path`);
  if (!target.startsWith("/")) throw invalidArgument(`${target} is not an absolute path`);
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions };
}

export interface DeviceFlags {
  readonly mappings: DeviceMapping[];
  /** Devices asked for by their CDI names. */
  readonly requests: DeviceRequest[];
}

/** What `--device` values ask for: `path[:path][:rwm]` or CDI names. */
export function parseDevices(values: readonly string[]): DeviceFlags {
  const names = values.filter(isDeviceName);
  return {
    mappings: values.filter((value) => !isDeviceName(value)).map(parseMapping),
    requests: names.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: names }],
  };
}

/** A rule of `--device-cgroup-rule`, checked. Throws an Error with the text docker prints. */
export function deviceCgroupRule(text: string): string {
  if (/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new Error(`invalid device cgroup format '${text}'`);
}

import type { DeviceRequest } from "../../spec/engine-api/mod.ts";
import { splitCsv } from "./csv.ts";
import { pairsToRecord } from "./key-values.ts";

function parseCount(text: string): number {
  if (text === "all") return -1;
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  return Number(text);
}

/** The request that a `--gpus` value describes: `all`, a number, or `key=value` pairs. Throws an Error. */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = { Count: 0, DeviceIDs: null, Capabilities: null, Driver: "", Options: {} };
  const seen = new Set<string>();
  for (const field of splitCsv(text)) {
    const equals = field.indexOf("=");
    const key = equals < 0 ? "count" : field.slice(0, equals);
    const value = equals < 0 ? field : field.slice(equals + 1);
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (key === "driver") request.Driver = value;
    else if (key === "count") request.Count = parseCount(value);
    else if (key === "device") request.DeviceIDs = splitCsv(value);
    else if (key === "capabilities") request.Capabilities = [[...splitCsv(value), "gpu"]];
    else if (key === "options") request.Options = pairsToRecord(splitCsv(value));
    else throw new Error(`unexpected key '${key}' in '${field}'`);
  }
  if (!seen.has("count") && request.DeviceIDs === null) request.Count = 1;
  request.Capabilities ??= [["gpu"]];
  return request;
}

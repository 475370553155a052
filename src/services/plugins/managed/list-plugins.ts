import { invalidArgument } from "../../../base/errors.ts";
import type { Filters } from "../../../base/filters.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import type { Plugin } from "../../../spec/engine-api/mod.ts";
import { capabilitiesOf } from "../../../spec/plugin-config/mod.ts";

// Source: Go's strconv.ParseBool, as far as filters take it.
const TRUE = ["1", "true"];
const FALSE = ["0", "false"];

/** Whether the plug-in is one of those that filters ask for. Errors: invalidArgument. */
export function isListed({ enabled, config }: ManagedPluginRecord, filters: Filters): boolean {
  const wanted = filters.get("enabled");
  if (wanted && enabled !== readFlag("enabled", wanted)) return false;
  const kinds = filters.get("capability");
  return !kinds || capabilitiesOf(config).every((capability) => kinds.includes(capability));
}

function readFlag(key: string, values: readonly string[]): boolean {
  const isTrue = values.some((value) => TRUE.includes(value));
  const isFalse = values.some((value) => FALSE.includes(value));
  if (isTrue !== isFalse) return isTrue;
  throw invalidArgument(`invalid filter '${key}=[${values.join(" ")}]'`);
}

/** The plug-in as the API shows it. */
export function describePlugin(record: ManagedPluginRecord): Plugin {
  const { id, name, enabled, reference, config, settings } = record;
  return {
    Config: config,
    Enabled: enabled,
    Id: id,
    Name: name,
    ...(reference === "" ? {} : { PluginReference: reference }),
    Settings: settings,
  };
}

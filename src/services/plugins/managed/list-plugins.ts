import { booleanFilter, type Filters } from "../../../base/filters.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import type { Plugin } from "../../../spec/engine-api/mod.ts";
import { capabilitiesOf } from "../../../spec/plugin-config/mod.ts";

/** Whether the plug-in is one of those that filters ask for. Errors: invalidArgument. */
export function isListed({ enabled, config }: ManagedPluginRecord, filters: Filters): boolean {
  const wanted = booleanFilter(filters, "enabled");
  if (wanted !== undefined && enabled !== wanted) return false;
  const kinds = filters.get("capability");
  return !kinds || capabilitiesOf(config).every((capability) => kinds.includes(capability));
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

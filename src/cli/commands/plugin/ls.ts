import { listPlugins } from "../../../client/plugins/list.ts";
import type { Plugin } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { naturalCompare } from "../../table/natural-order.ts";
import { ellipsis } from "../../table/values.ts";
import { renderList, type View } from "../../table/view.ts";

const ID_WIDTH = 12;
const DESCRIPTION_WIDTH = 45;

function pluginView(full: boolean): View<Plugin> {
  return {
    typeName: "*plugin.pluginContext",
    fields: {
      ID: { header: "ID", value: ({ Id }) => (full ? Id : Id.slice(0, ID_WIDTH)) },
      Name: { header: "NAME", value: ({ Name }) => Name },
      Description: {
        header: "DESCRIPTION",
        value: ({ Config }) => {
          const line = Config.Description.replace(/[\r\n]/g, "");
          return full ? line : ellipsis(line, DESCRIPTION_WIDTH);
        },
      },
      Enabled: { header: "ENABLED", value: ({ Enabled }) => Enabled },
      PluginReference: { header: "IMAGE", value: ({ PluginReference }) => PluginReference ?? "" },
    },
  };
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    filter: filter('Provide filter values (e.g. "enabled=true")', { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only display plugin IDs", { short: "q" }),
  },
  run: async (cli, { flags }) => {
    const plugins = await listPlugins(await cli.client(), flags.filter);
    cli.write(
      await renderList(
        pluginView(flags["no-trunc"]),
        plugins.sort((a, b) => naturalCompare(a.Name, b.Name)),
        {
          format: flags.format || (flags.quiet ? "" : (cli.config.pluginsFormat ?? "")),
          columns: ["ID", "Name", "Description", "Enabled"],
          quiet: flags.quiet ? "ID" : undefined,
          raw: flags.quiet
            ? "plugin_id: {{.ID}}"
            : "plugin_id: {{.ID}}\nname: {{.Name}}\ndescription: {{.Description}}\nenabled: {{.Enabled}}\n",
        },
      ),
    );
    return 0;
  },
});

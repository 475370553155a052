import { shortId } from "../../../base/ids.ts";
import { listNetworks } from "../../../client/networks/list.ts";
import type { NetworkSummary } from "../../../spec/engine-api/mod.ts";
import { goTime } from "../../../spec/go-template/go-time.ts";
import { formatValue } from "../../../spec/go-template/values.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { LABEL_FIELDS } from "../../table/label-fields.ts";
import { naturalCompare } from "../../table/natural-order.ts";
import { renderList, type View } from "../../table/view.ts";

function networkView(full: boolean): View<NetworkSummary> {
  return {
    typeName: "*network.networkContext",
    fields: {
      ID: { header: "NETWORK ID", value: ({ Id }) => (full ? Id : shortId(Id)) },
      Name: { header: "NAME", value: ({ Name }) => Name },
      Driver: { header: "DRIVER", value: ({ Driver }) => Driver },
      Scope: { header: "SCOPE", value: ({ Scope }) => Scope },
      IPv4: { header: "IPV4", value: ({ EnableIPv4 }) => String(EnableIPv4 ?? false) },
      IPv6: { header: "IPV6", value: ({ EnableIPv6 }) => String(EnableIPv6) },
      Internal: { header: "INTERNAL", value: ({ Internal }) => String(Internal) },
      ...LABEL_FIELDS,
      CreatedAt: { header: "CREATED AT", value: ({ Created }) => formatValue(goTime(Created)) },
    },
  };
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    filter: filter('Provide filter values (e.g. "driver=bridge")', { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    "no-trunc": bool("Do not truncate the output"),
    quiet: bool("Only display network IDs", { short: "q" }),
  },
  run: async (cli, { flags }) => {
    const networks = await listNetworks(await cli.client(), flags.filter);
    networks.sort((a, b) => naturalCompare(a.Name, b.Name));
    cli.write(
      await renderList(networkView(flags["no-trunc"]), networks, {
        format: flags.format || (flags.quiet ? "" : (cli.config.networksFormat ?? "")),
        columns: ["ID", "Name", "Driver", "Scope"],
        quiet: flags.quiet ? "ID" : undefined,
        raw: flags.quiet
          ? "network_id: {{.ID}}"
          : "network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n",
      }),
    );
    return 0;
  },
});

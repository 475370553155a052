import { diskUsage } from "../../../client/system/disk-usage.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { USAGE_VIEW, usageRows, verboseText } from "../../table/disk-usage-view.ts";
import { renderList } from "../../table/view.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    format: string(LIST_FORMAT_USAGE),
    verbose: bool("Show detailed information on space usage", { short: "v" }),
  },
  run: async (cli, { flags }) => {
    const usage = await diskUsage(await cli.client());
    if (flags.verbose && flags.format === "") cli.write(verboseText(usage));
    else if (flags.verbose) {
      const { renderVerboseUsage } = await import("../../table/disk-usage-template.ts");
      cli.write(renderVerboseUsage(usage, flags.format));
    } else {
      const columns = ["Type", "TotalCount", "Active", "Size", "Reclaimable"];
      cli.write(await renderList(USAGE_VIEW, usageRows(usage), { format: flags.format, columns }));
    }
    return 0;
  },
});

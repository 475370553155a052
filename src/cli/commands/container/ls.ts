import { listContainers } from "../../../client/containers/list.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, int, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { CONTAINER_COLUMNS, containerView } from "../../table/container-view.ts";
import { renderList } from "../../table/view.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    all: bool("Show all containers (default shows just running)", { short: "a" }),
    filter: filter("Filter output based on conditions provided", { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    last: int("Show n last created containers (includes all states)", { short: "n", default: -1 }),
    latest: bool("Show the latest created container (includes all states)", { short: "l" }),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only display container IDs", { short: "q" }),
    size: bool("Display total file sizes", { short: "s" }),
  },
  run: async (cli, { flags, given }) => {
    const format = flags.format || (flags.quiet ? "" : (cli.config.psFormat ?? ""));
    const limit = flags.latest && flags.last === -1 ? 1 : flags.last;
    const wantsSize = flags.size || (!given.has("size") && /\{\{[^}]*(\.Size\b|json \.\s*\})/.test(format));
    const containers = await listContainers(await cli.client(), {
      all: flags.all,
      limit: limit > 0 ? limit : undefined,
      size: wantsSize,
      filters: flags.filter,
    });
    const columns = wantsSize ? [...CONTAINER_COLUMNS, "Size"] : CONTAINER_COLUMNS;
    const quiet = flags.quiet ? "ID" : undefined;
    cli.write(await renderList(containerView(flags["no-trunc"]), containers, { format, columns, quiet }));
    return 0;
  },
});

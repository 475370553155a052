import { isOlder } from "../../../client/api-version.ts";
import { pruneVolumes } from "../../../client/volumes/prune.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, filter } from "../../flags/types.ts";
import { confirmPrune, deletedBlock, pruneFlags, reclaimedLine, withConfiguredFilters } from "../../prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    all: bool("Remove all unused volumes, not just anonymous ones", { short: "a" }),
    ...pruneFlags,
    filter: filter('Provide filter values (e.g. "label=<label>")'),
  },
  run: async (cli, { flags }) => {
    const client = await cli.client();
    const filters = withConfiguredFilters(cli, flags.filter);
    if (flags.all && "all" in filters)
      throw new ExitError(1, "conflicting options: cannot specify both --all and --filter all=1");
    // Before API 1.42 engines removed named volumes too, and had no filter to say so.
    const named = flags.all || isOlder(await client.apiVersion(), "1.42");
    await confirmPrune(
      cli,
      flags.force,
      `WARNING! This will remove ${named ? "all" : "anonymous"} local volumes not used by at least one container.`,
    );
    if (flags.all) filters["all"] = ["true"];
    const report = await pruneVolumes(client, filters);
    cli.write(deletedBlock("Deleted Volumes", report.VolumesDeleted ?? []));
    cli.print(reclaimedLine(report.SpaceReclaimed));
    return 0;
  },
});

import { pruneContainers } from "../../../client/containers/prune.ts";
import { defineCommand } from "../../command.ts";
import { confirmPrune, deletedBlock, pruneFlags, reclaimedLine, withConfiguredFilters } from "../../prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: pruneFlags,
  run: async (cli, { flags }) => {
    await confirmPrune(cli, flags.force, "WARNING! This will remove all stopped containers.");
    const report = await pruneContainers(await cli.client(), withConfiguredFilters(cli, flags.filter));
    cli.write(deletedBlock("Deleted Containers", report.ContainersDeleted ?? []));
    cli.print(reclaimedLine(report.SpaceReclaimed));
    return 0;
  },
});

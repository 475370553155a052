import { pruneNetworks } from "../../../client/networks/prune.ts";
import { defineCommand } from "../../command.ts";
import { confirmPrune, deletedBlock, pruneFlags, withConfiguredFilters } from "../../prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: pruneFlags,
  run: async (cli, { flags }) => {
    await confirmPrune(
      cli,
      flags.force,
      "WARNING! This will remove all custom networks not used by at least one container.",
    );
    const report = await pruneNetworks(await cli.client(), withConfiguredFilters(cli, flags.filter));
    cli.write(deletedBlock("Deleted Networks", report.NetworksDeleted ?? []));
    return 0;
  },
});

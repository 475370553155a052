import { pruneImages } from "../../../client/images/prune.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { confirmPrune, deletedBlock, pruneFlags, reclaimedLine, withConfiguredFilters } from "../../prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: { all: bool("Remove all unused images, not just dangling ones", { short: "a" }), ...pruneFlags },
  run: async (cli, { flags }) => {
    const warning = flags.all
      ? "WARNING! This will remove all images without at least one container associated to them."
      : "WARNING! This will remove all dangling images.";
    await confirmPrune(cli, flags.force, warning);
    const filters = { ...withConfiguredFilters(cli, flags.filter), dangling: [String(!flags.all)] };
    const report = await pruneImages(await cli.client(), filters);
    const lines = (report.ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
      Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
    );
    cli.write(deletedBlock("Deleted Images", lines));
    cli.print(reclaimedLine(report.SpaceReclaimed));
    return 0;
  },
});

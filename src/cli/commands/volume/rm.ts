import { removeVolume } from "../../../client/volumes/remove.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { forEachName } from "../../for-each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  description: "Remove one or more volumes. You cannot remove a volume that is in use by a container.",
  args: { min: 1 },
  flags: { force: bool("Force the removal of one or more volumes", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await forEachName(cli, args, async (name) => {
      await removeVolume(client, name, flags.force);
      return undefined;
    });
  },
});

import { removePlugin } from "../../../client/plugins/change.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { forEachName } from "../../for-each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [PLUGIN...]",
  args: { min: 1 },
  flags: { force: bool("Force the removal of an active plugin", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await forEachName(cli, args, async (name) => {
      await removePlugin(client, name, flags.force);
      return undefined;
    });
  },
});

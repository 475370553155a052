import { disablePlugin } from "../../../client/plugins/change.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN",
  args: { min: 1, max: 1 },
  flags: { force: bool("Force the disable of an active plugin", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    await disablePlugin(await cli.client(), args[0]!, flags.force);
    cli.print(args[0]!);
    return 0;
  },
});

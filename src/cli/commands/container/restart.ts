import { restartContainer } from "../../../client/containers/restart.ts";
import { defineCommand } from "../../command.ts";
import { forEachName } from "../../for-each.ts";
import { stopFlags, stopOptions } from "./stop.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: stopFlags,
  run: async (cli, { flags, given, args }) => {
    const options = stopOptions(cli, flags, given);
    const client = await cli.client();
    return await forEachName(cli, args, async (name) => {
      await restartContainer(client, name, options);
      return undefined;
    });
  },
});

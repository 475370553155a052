import { renameVolume } from "../../../client/volumes/rename.ts";
import { defineCommand } from "../../command.ts";

export const command = defineCommand({
  usage: "VOLUME NEW_NAME",
  args: { min: 2, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    cli.print((await renameVolume(await cli.client(), args[0]!, args[1]!)).Name);
    return 0;
  },
});

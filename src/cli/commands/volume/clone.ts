import { cloneVolume } from "../../../client/volumes/clone.ts";
import { defineCommand } from "../../command.ts";

export const command = defineCommand({
  usage: "VOLUME NEW_VOLUME",
  args: { min: 2, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    cli.print((await cloneVolume(await cli.client(), args[0]!, args[1]!)).Name);
    return 0;
  },
});

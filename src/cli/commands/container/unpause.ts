import { unpauseContainer } from "../../../client/containers/unpause.ts";
import { defineCommand } from "../../command.ts";
import { forEachAtOnce } from "../../for-each.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {},
  run: async (cli, { args }) => {
    const client = await cli.client();
    return await forEachAtOnce(cli, args, (name) => unpauseContainer(client, name));
  },
});

import { waitContainer } from "../../../client/containers/wait.ts";
import { defineCommand } from "../../command.ts";
import { forEachName } from "../../for-each.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {},
  run: async (cli, { args }) => {
    const client = await cli.client();
    return await forEachName(cli, args, async (name) => {
      const exit = await (await waitContainer(client, name)).exit;
      if (exit.Error?.Message) throw new Error(exit.Error.Message);
      return String(exit.StatusCode);
    });
  },
});

import { killContainer } from "../../../client/containers/kill.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";
import { forEachAtOnce } from "../../for-each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: { signal: string("Signal to send to the container", { short: "s" }) },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await forEachAtOnce(cli, args, (name) => killContainer(client, name, flags.signal));
  },
});

import { setPlugin } from "../../../client/plugins/change.ts";
import { defineCommand } from "../../command.ts";

export const command = defineCommand({
  usage: "PLUGIN KEY=VALUE [KEY=VALUE...]",
  args: { min: 2 },
  flags: {},
  run: async (cli, { args: [name, ...assignments] }) => {
    await setPlugin(await cli.client(), name!, assignments);
    return 0;
  },
});

import { defineCommand } from "../../command.ts";
import { currentContext } from "../../endpoint-sources.ts";

export const command = defineCommand({
  usage: "",
  args: { min: 0, max: 0 },
  flags: {},
  run: async (cli) => {
    cli.print(currentContext(cli));
    return 0;
  },
});

import { isKind, messageOf } from "../../../base/errors.ts";
import { removeNetwork } from "../../../client/networks/remove.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "NETWORK [NETWORK...]",
  args: { min: 1 },
  flags: { force: bool("Do not error if the network does not exist", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    let code = 0;
    for (const name of args) {
      try {
        await removeNetwork(client, name);
        cli.print(name);
      } catch (error) {
        if (flags.force && isKind(error, "notFound")) continue;
        cli.warn(messageOf(error));
        code = 1;
      }
    }
    // docker ends with an error that says nothing but this.
    if (code !== 0) throw new ExitError(code, `exit status ${code}`);
    return 0;
  },
});

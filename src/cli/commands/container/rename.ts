import { messageOf } from "../../../base/errors.ts";
import { renameContainer } from "../../../client/containers/rename.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";

export const command = defineCommand({
  usage: "CONTAINER NEW_NAME",
  args: { min: 2, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const [name, newName] = args.map((arg) => arg.trim());
    if (!name || !newName) throw new ExitError(1, "Error: Neither old nor new names may be empty");
    const client = await cli.client();
    try {
      await renameContainer(client, name, newName);
    } catch (error) {
      throw new ExitError(1, `${messageOf(error)}\nError: failed to rename container named ${name}`);
    }
    return 0;
  },
});

import { pushPlugin } from "../../../client/plugins/transfer.ts";
import { familiarString, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { authForImage } from "../../auth.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";
import { refuseContentTrust } from "../../options/foreign-flags.ts";
import { displayProgress } from "../../progress/display.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN[:TAG]",
  args: { min: 1, max: 1 },
  flags: { "disable-content-trust": bool("Skip image signing", { default: true }) },
  run: async (cli, { flags, given, args }) => {
    refuseContentTrust(cli.env, flags["disable-content-trust"], given);
    const name = args[0]!;
    const reference = parseNormalized(name);
    if (reference.digest !== undefined) throw new ExitError(1, `invalid name: ${name}`);
    const auth = await authForImage(cli, name);
    const { messages } = await pushPlugin(await cli.client(), familiarString(tagNameOnly(reference)), auth);
    await displayProgress(messages, cli.stdout);
    return 0;
  },
});

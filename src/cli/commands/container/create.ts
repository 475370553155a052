import { defineCommand } from "../../command.ts";
import { createWithPull } from "../../create-container.ts";
import { string } from "../../flags/types.ts";
import { containerCreateRequest } from "../../options/container-config.ts";
import { containerFlags } from "../../options/container-flags.ts";
import { runError } from "../../run-error.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: { min: 1 },
  interspersed: false,
  flags: {
    ...containerFlags,
    pull: string('Pull image before creating ("always", "|missing", "never")', { default: "missing" }),
  },
  run: async (cli, { flags, given, args, path }) => {
    try {
      const [image, ...command] = args;
      const body = containerCreateRequest({ flags, given, image: image!, command, env: cli.env });
      const { name, platform, pull, quiet, cidfile } = flags;
      const created = await createWithPull(cli, body, { name, platform, pull, quiet, cidFile: cidfile });
      cli.print(created.Id);
      return 0;
    } catch (error) {
      throw runError(error, path);
    }
  },
});

import { defineCommand } from "../../command.ts";
import { checkPullPolicy, createWithPull } from "../../create-container.ts";
import { string } from "../../flags/types.ts";
import { containerCreateRequest } from "../../options/container-config.ts";
import { containerFlags } from "../../options/container-flags.ts";
import { proxiesOf } from "../../options/proxies.ts";
import { runError } from "../../run-error.ts";

/** What the command line asks for. What it gets wrong has an exit code of its own, unlike what the engine refuses. */
function readRequest<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw runError(error, "create");
  }
}

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: { min: 1 },
  interspersed: false,
  flags: {
    ...containerFlags,
    pull: string('Pull image before creating ("always", "|missing", "never")', { default: "missing" }),
  },
  run: async (cli, { flags, given, args }) => {
    const { name, platform, pull, quiet, cidfile } = flags;
    const body = readRequest(() => {
      checkPullPolicy(pull);
      const [image, ...command] = args;
      return containerCreateRequest({
        flags,
        given,
        image: image!,
        command,
        env: cli.env,
        proxies: proxiesOf(cli),
      });
    });
    const created = await createWithPull(cli, body, { name, platform, pull, quiet, cidFile: cidfile });
    cli.print(created.Id);
    return 0;
  },
});

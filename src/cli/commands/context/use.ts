import { checkContextName, DEFAULT_CONTEXT } from "../../../client/contexts/context-name.ts";
import { readContext } from "../../../client/contexts/context-store.ts";
import { defineCommand } from "../../command.ts";
import { writeCurrentContext } from "../../contexts/write-current-context.ts";

export const command = defineCommand({
  usage: "CONTEXT",
  args: { min: 1, max: 1, plain: true },
  flags: {},
  run: async (cli, { args }) => {
    const name = args[0]!;
    if (name !== DEFAULT_CONTEXT) {
      checkContextName(name);
      readContext(cli.configDir, name);
    }
    await writeCurrentContext(cli, name);
    cli.print(name);
    cli.warn(`Current context is now ${JSON.stringify(name)}`);
    if (name !== DEFAULT_CONTEXT && cli.env["DOCKER_HOST"])
      cli.warn(
        `Warning: DOCKER_HOST environment variable overrides the active context. To use ${JSON.stringify(name)}, either set the global --context flag, or unset DOCKER_HOST environment variable.`,
      );
    return 0;
  },
});

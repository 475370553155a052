import { enablePlugin } from "../../../client/plugins/change.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { int } from "../../flags/types.ts";

const DEFAULT_TIMEOUT_SECONDS = 30;

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN",
  args: { min: 1, max: 1 },
  flags: { timeout: int("HTTP client timeout (in seconds)", { default: DEFAULT_TIMEOUT_SECONDS }) },
  run: async (cli, { flags, args }) => {
    const { timeout } = flags;
    if (timeout < 0) throw new ExitError(1, `negative timeout ${timeout} is invalid`);
    await enablePlugin(await cli.client(), args[0]!, timeout);
    cli.print(args[0]!);
    return 0;
  },
});

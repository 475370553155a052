import { inspectNetwork } from "../../../client/networks/inspect.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { inspectObjects } from "../../inspect-objects.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  args: { min: 1 },
  flags: {
    format: string(OBJECT_FORMAT_USAGE, { short: "f" }),
    verbose: bool("Verbose output for diagnostics", { short: "v" }),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await inspectObjects(cli, args, flags.format, async (name) => ({
      kind: "network",
      object: await inspectNetwork(client, name, flags.verbose),
    }));
  },
});

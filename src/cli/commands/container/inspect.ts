import { inspectContainer } from "../../../client/containers/inspect.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { inspectObjects } from "../../inspect-objects.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {
    format: string(OBJECT_FORMAT_USAGE, { short: "f" }),
    size: bool("Display total file sizes", { short: "s" }),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await inspectObjects(cli, args, flags.format, async (name) => ({
      kind: "container",
      object: await inspectContainer(client, name, flags.size),
    }));
  },
});

import { inspectVolume } from "../../../client/volumes/inspect.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { inspectObjects } from "../../inspect-objects.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  args: { min: 1 },
  flags: { format: string(OBJECT_FORMAT_USAGE, { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await inspectObjects(cli, args, flags.format, async (name) => ({
      kind: "volume",
      object: await inspectVolume(client, name),
    }));
  },
});

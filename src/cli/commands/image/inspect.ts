import { inspectImage } from "../../../client/images/inspect.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { inspectObjects } from "../../inspect-objects.ts";
import { choosePlatform } from "../../options/platform.ts";

const PLATFORM_USAGE = `Inspect a specific platform of the multi-platform image.
If the image or the server is not multi-platform capable, the command will error out if the platform does not match.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)`;

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: { min: 1 },
  flags: {
    format: string(OBJECT_FORMAT_USAGE, { short: "f" }),
    platform: string(PLATFORM_USAGE),
  },
  run: async (cli, { flags, args }) => {
    const platform = choosePlatform(flags.platform, "");
    const client = await cli.client();
    return await inspectObjects(cli, args, flags.format, async (name) => ({
      kind: "image",
      object: await inspectImage(client, name, platform),
    }));
  },
});

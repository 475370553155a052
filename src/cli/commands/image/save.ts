import { saveImages } from "../../../client/images/save.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";
import { choosePlatform, variantFlag } from "../../options/platform.ts";
import { checkOutput, writeOutput } from "../../output-file.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: { min: 1 },
  flags: {
    output: string("Write to a file, instead of STDOUT", { short: "o" }),
    platform: variantFlag("Save only the given platform variant"),
  },
  run: async (cli, { flags, args }) => {
    const platform = choosePlatform(flags.platform);
    await checkOutput(cli, flags.output, "save image");
    await writeOutput(cli, await saveImages(await cli.client(), args, platform), flags.output);
    return 0;
  },
});

import { exportVolume } from "../../../client/volumes/export.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";
import { checkOutput, writeOutput } from "../../output-file.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME",
  args: { min: 1, max: 1 },
  flags: { output: string("Write to a file, instead of STDOUT", { short: "o" }) },
  run: async (cli, { flags, args }) => {
    await checkOutput(cli, flags.output, "export volume");
    await writeOutput(cli, await exportVolume(await cli.client(), args[0]!), flags.output);
    return 0;
  },
});

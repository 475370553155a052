import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { importVolume } from "../../../client/volumes/import.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";

export const command = defineCommand({
  usage: "VOLUME [file|-]",
  description: "Fill a new or empty volume from a tar archive, plain or compressed with gzip or zstd",
  args: { min: 1, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const [name, source = "-"] = args;
    if (source !== "-") {
      await access(source).catch(() => {
        throw new ExitError(1, `open ${source}: no such file or directory`);
      });
    }
    const tar = source === "-" ? cli.stdin : createReadStream(source);
    cli.print((await importVolume(await cli.client(), name!, tar)).Name);
    return 0;
  },
});

import { createVolume } from "../../../client/volumes/create.ts";
import { defineCommand } from "../../command.ts";
import { list, map, string } from "../../flags/types.ts";
import { labels } from "../../options/key-values.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [VOLUME]",
  args: { min: 0, max: 1 },
  flags: {
    driver: string("Specify volume driver name", { short: "d", default: "local" }),
    label: list("Set metadata for a volume"),
    name: string("Specify volume name", { hidden: true }),
    opt: map("Set driver specific options", { short: "o" }),
  },
  run: async (cli, { flags, args }) => {
    if (args[0] !== undefined && flags.name !== "")
      throw new Error(
        "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
      );
    const volume = await createVolume(await cli.client(), {
      Name: args[0] ?? flags.name,
      Driver: flags.driver,
      DriverOpts: flags.opt,
      Labels: labels([], flags.label),
    });
    cli.print(volume.Name);
    return 0;
  },
});

import { inspectVolume } from "../../../client/volumes/inspect.ts";
import { defineCommand } from "../../command.ts";
import { string } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [VOLUME]",
  args: { min: 1, max: 1 },
  flags: {
    availability: string('Cluster Volume availability ("active", "pause", "drain")', { default: "active" }),
  },
  run: async (cli, { args }) => {
    await inspectVolume(await cli.client(), args[0]!);
    // Docker's answer for every volume that no cluster has, and here none has any.
    throw new Error("can only update cluster volumes");
  },
});

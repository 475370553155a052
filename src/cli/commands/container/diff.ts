import { containerChanges } from "../../../client/containers/changes.ts";
import { defineCommand } from "../../command.ts";

const LETTERS = ["C", "A", "D"] as const;

export const command = defineCommand({
  usage: "CONTAINER",
  args: { min: 1, max: 1 },
  flags: {},
  run: async (cli, { args }) => {
    const changes = await containerChanges(await cli.client(), args[0]!);
    cli.write(changes.map(({ Kind, Path }) => `${LETTERS[Kind]} ${Path}\n`).join(""));
    return 0;
  },
});

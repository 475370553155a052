import { topContainer } from "../../../client/containers/top.ts";
import { defineCommand } from "../../command.ts";
import { layOutLoose } from "../../table/tab-writer.ts";

export const command = defineCommand({
  usage: "CONTAINER [ps OPTIONS]",
  args: { min: 1 },
  interspersed: false,
  flags: {},
  run: async (cli, { args }) => {
    const [name, ...psArgs] = args;
    const { Titles, Processes } = await topContainer(await cli.client(), name!, psArgs.join(" "));
    const rows = [Titles, ...Processes].map((cells) => `${cells.join("\t")}\n`);
    cli.write(layOutLoose(rows.join("")));
    return 0;
  },
});

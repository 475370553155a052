import { disconnectNetwork } from "../../../client/networks/disconnect.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  args: { min: 2, max: 2 },
  flags: { force: bool("Force the container to disconnect from a network", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const [network, container] = args;
    await disconnectNetwork(await cli.client(), network!, { Container: container!, Force: flags.force });
    return 0;
  },
});

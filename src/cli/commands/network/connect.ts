import { connectNetwork } from "../../../client/networks/connect.ts";
import type { EndpointSettings } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { int, list, string, strings } from "../../flags/types.ts";
import { link } from "../../options/hosts.ts";
import { driverOpt } from "../../options/networks.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  args: { min: 2, max: 2 },
  flags: {
    alias: strings("Add network-scoped alias for the container"),
    "driver-opt": strings("driver options for the network"),
    "gw-priority": int(
      "Highest gw-priority provides the default gateway. Accepts positive and negative values.",
    ),
    ip: string('IPv4 address (e.g., "172.30.100.104")'),
    ip6: string('IPv6 address (e.g., "2001:db8::33")'),
    link: list("Add link to another container", { validate: link }),
    "link-local-ip": strings("Add a link-local address for the container"),
  },
  run: async (cli, { flags, args }) => {
    const [network, container] = args;
    const endpoint: EndpointSettings = {
      IPAMConfig: {
        IPv4Address: flags.ip,
        IPv6Address: flags.ip6,
        LinkLocalIPs: [...flags["link-local-ip"]],
      },
      Links: [...flags.link],
      Aliases: [...flags.alias],
      DriverOpts: Object.assign({}, ...flags["driver-opt"].map(driverOpt)) as Record<string, string>,
      ...(flags["gw-priority"] === 0 ? {} : { GwPriority: flags["gw-priority"] }),
    };
    await connectNetwork(await cli.client(), network!, { Container: container!, EndpointConfig: endpoint });
    return 0;
  },
});

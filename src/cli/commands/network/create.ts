import { isOlder } from "../../../client/api-version.ts";
import { createNetwork } from "../../../client/networks/create.ts";
import type { NetworkCreateRequest } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { bool, list, map, string, strings } from "../../flags/types.ts";
import { parseIpam } from "../../options/ipam.ts";
import { labels } from "../../options/key-values.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK",
  args: { min: 1, max: 1 },
  flags: {
    attachable: bool("Enable manual container attachment"),
    "aux-address": map("Auxiliary IPv4 or IPv6 addresses used by Network driver"),
    "config-from": string("The network from which to copy the configuration"),
    "config-only": bool("Create a configuration only network"),
    driver: string("Driver to manage the Network", { short: "d", default: "bridge" }),
    gateway: strings("IPv4 or IPv6 Gateway for the master subnet"),
    ingress: bool("Create swarm routing-mesh network"),
    internal: bool("Restrict external access to the network"),
    "ip-range": strings("Allocate container ip from a sub-range"),
    "ipam-driver": string("IP Address Management Driver", { default: "default" }),
    "ipam-opt": map("Set IPAM driver specific options"),
    ipv4: bool("Enable or disable IPv4 address assignment", { default: true }),
    ipv6: bool("Enable or disable IPv6 address assignment"),
    label: list("Set metadata on a network"),
    opt: map("Set driver specific options", { short: "o" }),
    scope: string("Control the network's scope"),
    subnet: strings("Subnet in CIDR format that represents a network segment"),
  },
  run: async (cli, { flags, given, args }) => {
    const client = await cli.client();
    const body: NetworkCreateRequest = {
      Name: args[0]!,
      ...(isOlder(await client.apiVersion(), "1.44") ? { CheckDuplicate: true } : {}),
      Driver: flags.driver,
      Scope: flags.scope,
      ...(given.has("ipv4") ? { EnableIPv4: flags.ipv4 } : {}),
      ...(given.has("ipv6") ? { EnableIPv6: flags.ipv6 } : {}),
      IPAM: { Driver: flags["ipam-driver"], Options: flags["ipam-opt"], Config: parseIpam(flags) },
      Internal: flags.internal,
      Attachable: flags.attachable,
      Ingress: flags.ingress,
      ConfigOnly: flags["config-only"],
      ConfigFrom: flags["config-from"] === "" ? null : { Network: flags["config-from"] },
      Options: flags.opt,
      Labels: labels([], flags.label),
    };
    const { Id, Warning } = await createNetwork(client, body);
    if (Warning) cli.warn(`WARNING: ${Warning}`);
    cli.print(Id);
    return 0;
  },
});

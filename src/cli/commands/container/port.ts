import { inspectContainer } from "../../../client/containers/inspect.ts";
import type { PortBinding } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";

/** Ports before protocols, ports as numbers. */
function compareKeys(a: string, b: string): number {
  const [portA = "", protocolA = ""] = a.split("/");
  const [portB = "", protocolB = ""] = b.split("/");
  return Number(portA) - Number(portB) || (protocolA < protocolB ? -1 : protocolA > protocolB ? 1 : 0);
}

function address({ HostIp = "", HostPort = "" }: PortBinding): string {
  return HostIp.includes(":") ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
}

export const command = defineCommand({
  usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
  args: { min: 1, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const [name, wanted] = args;
    const { NetworkSettings } = await inspectContainer(await cli.client(), name!);
    const ports = NetworkSettings.Ports ?? {};
    if (wanted === undefined) {
      for (const key of Object.keys(ports).sort(compareKeys))
        for (const binding of ports[key] ?? []) cli.print(`${key} -> ${address(binding)}`);
      return 0;
    }
    const [port = "", protocol = "tcp"] = wanted.split("/");
    if (!/^\d+$/.test(port) || Number(port) > 65535)
      throw new ExitError(
        1,
        `Error: invalid port (${port}): strconv.ParseUint: parsing ${JSON.stringify(port)}: invalid syntax`,
      );
    const bindings = ports[`${Number(port)}/${protocol || "tcp"}`];
    if (!bindings) throw new ExitError(1, `Error: No public port '${wanted}' published for ${name}`);
    for (const binding of bindings) cli.print(address(binding));
    return 0;
  },
});

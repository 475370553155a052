/**
 * A network driver: a bridge for each network, a veth pair for each endpoint. All names follow from ids, so it keeps
 * nothing and may be restarted at any time. Usage: bridge-networks.ts SOCKET
 */
import * as nl from "../../src/os/linux/netlink/mod.ts";
import { type Handler, servePlugin } from "./serve.ts";

const [socketPath] = process.argv.slice(2);
if (!socketPath) {
  process.stderr.write("usage: bridge-networks.ts SOCKET\n");
  process.exit(2);
}

type Request = Readonly<Record<string, unknown>>;

const links = nl.NetlinkSocket.open();

function idOf(request: Request, field: "NetworkID" | "EndpointID"): string {
  const id = String(request[field] ?? "");
  if (!/^[0-9a-f]{12,}$/.test(id)) throw new Error(`not an id: ${id}`);
  return id.slice(0, 10);
}

const bridgeOf = (request: Request) => `exb-${idOf(request, "NetworkID")}`;
const outerOf = (request: Request) => `exo-${idOf(request, "EndpointID")}`;
const innerOf = (request: Request) => `exi-${idOf(request, "EndpointID")}`;

function existingBridge(request: Request): nl.Link {
  const bridge = nl.findLink(links, bridgeOf(request));
  if (!bridge) throw new Error(`no such network: ${request["NetworkID"]}`);
  return bridge;
}

const createNetwork: Handler = (request) => {
  const name = bridgeOf(request);
  links.execute(nl.addLink({ name, up: true }, { kind: "bridge" }));
  const { index: linkIndex } = existingBridge(request);
  const pools = (request["IPv4Data"] ?? []) as Array<{ Gateway?: string }>;
  for (const { Gateway: prefix } of pools) {
    if (prefix) links.execute(nl.addAddress({ linkIndex, prefix }));
  }
  return {};
};

const deleteNetwork: Handler = (request) => {
  links.execute(nl.deleteLink(existingBridge(request).index));
  return {};
};

const createEndpoint: Handler = (request) => {
  const { index: masterIndex } = existingBridge(request);
  links.execute(
    nl.addLink(
      { name: outerOf(request), masterIndex, up: true },
      {
        kind: "veth",
        peer: { name: innerOf(request) },
      },
    ),
  );
  // The engine picked the addresses, and nothing is to be added to them.
  return { Interface: {} };
};

const deleteEndpoint: Handler = (request) => {
  // The pair is gone where its container's namespace went first.
  links.executeIgnoring(["ENODEV"], [nl.deleteLink(outerOf(request))]);
  return {};
};

const join: Handler = (request) => {
  const { index: linkIndex } = existingBridge(request);
  const [gateway] = nl.listAddresses(links, { linkIndex, family: nl.AF_INET });
  return {
    InterfaceName: { SrcName: innerOf(request), DstPrefix: "eth" },
    ...(gateway ? { Gateway: gateway.address } : {}),
  };
};

const nothing: Handler = () => ({});

await servePlugin(socketPath, ["NetworkDriver"], {
  "NetworkDriver.GetCapabilities": () => ({ Scope: "local", ConnectivityScope: "local" }),
  "NetworkDriver.CreateNetwork": createNetwork,
  "NetworkDriver.DeleteNetwork": deleteNetwork,
  "NetworkDriver.CreateEndpoint": createEndpoint,
  "NetworkDriver.DeleteEndpoint": deleteEndpoint,
  "NetworkDriver.EndpointOperInfo": () => ({ Value: {} }),
  "NetworkDriver.Join": join,
  "NetworkDriver.Leave": nothing,
  "NetworkDriver.DiscoverNew": nothing,
  "NetworkDriver.DiscoverDelete": nothing,
  "NetworkDriver.ProgramExternalConnectivity": nothing,
  "NetworkDriver.RevokeExternalConnectivity": nothing,
});
process.stdout.write("ready\n");

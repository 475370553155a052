import { invalidArgument } from "../../../base/errors.ts";
import { readGoBool } from "../../../base/go-bool.ts";
import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkDisconnectRequest,
  NetworkSummary,
} from "../../../spec/engine-api/mod.ts";
import { bool, list, map, readBody, string, struct } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { adapt } from "../../server/versions.ts";
import { endpointSettings } from "../endpoint-schemas.ts";
import { parseFilters } from "../filters.ts";
import type { NetworksBackend } from "./backend.ts";
import { withExactCounts } from "./exact-counts.ts";
import { connectRules, createRules, inspectRules } from "./versions.ts";

const LIST_FILTERS = new Set(["dangling", "driver", "id", "label", "name", "scope", "type"]);
const PRUNE_FILTERS = new Set(["label", "label!", "until"]);

const createRequest = struct("CreateRequest", {
  Name: string,
  CheckDuplicate: bool,
  Driver: string,
  Scope: string,
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigOnly: bool,
  ConfigFrom: struct("ConfigReference", { Network: string }),
  IPAM: struct("IPAM", {
    Driver: string,
    Config: list(
      struct("IPAMConfig", {
        Subnet: string,
        IPRange: string,
        Gateway: string,
        AuxiliaryAddresses: map(string),
      }),
    ),
    Options: map(string),
  }),
  EnableIPv4: bool,
  EnableIPv6: bool,
  Options: map(string),
  Labels: map(string),
});
const connectRequest = struct("ConnectRequest", { Container: string, EndpointConfig: endpointSettings });
const disconnectRequest = struct("DisconnectRequest", { Container: string, Force: bool });

export function networkRoutes(backend: NetworksBackend): Endpoint[] {
  const list = async (exchange: Exchange) => {
    const networks = await backend.list(parseFilters(exchange.query.text("filters"), LIST_FILTERS));
    exchange.json(200, exchange.version.below("1.28") ? await withContainers(backend, networks) : networks);
  };
  return [
    { method: "GET", path: "/networks", handle: list },
    { method: "GET", path: "/networks/", handle: list },
    {
      method: "GET",
      path: "/networks/:id",
      handle: async (exchange) => {
        const options = { verbose: verboseFlag(exchange), scope: exchange.query.text("scope") };
        const network = await backend.inspect(exchange.param("id"), options);
        exchange.json(200, withExactCounts(adapt(inspectRules, exchange.version, network)));
      },
    },
    {
      method: "POST",
      path: "/networks/create",
      handle: async (exchange) => {
        const body = readBody<NetworkCreateRequest>(createRequest, await exchange.readJson());
        const { id, warning } = await backend.create(adapt(createRules, exchange.version, body));
        exchange.json(201, { Id: id, Warning: warning });
      },
    },
    {
      method: "POST",
      path: "/networks/:id/connect",
      handle: async (exchange) => {
        const body = readBody<NetworkConnectRequest>(connectRequest, await exchange.readJson());
        const endpoint = body.EndpointConfig
          ? adapt(connectRules, exchange.version, body.EndpointConfig)
          : undefined;
        await backend.connect(exchange.param("id"), body.Container ?? "", endpoint);
        exchange.empty(200);
      },
    },
    {
      method: "POST",
      path: "/networks/:id/disconnect",
      handle: async (exchange) => {
        const body = readBody<NetworkDisconnectRequest>(disconnectRequest, await exchange.readJson());
        const force = body.Force ?? false;
        await backend.disconnect(exchange.param("id"), body.Container ?? "", { force });
        exchange.empty(200);
      },
    },
    {
      method: "DELETE",
      path: "/networks/:id",
      handle: async (exchange) => {
        await backend.remove(exchange.param("id"));
        exchange.empty(204);
      },
    },
    {
      method: "POST",
      path: "/networks/prune",
      since: "1.25",
      handle: async (exchange) => {
        exchange.json(200, await backend.prune(parseFilters(exchange.query.text("filters"), PRUNE_FILTERS)));
      },
    },
  ];
}

/** Before 1.28 lists told the containers of each network too. */
async function withContainers(
  backend: NetworksBackend,
  networks: readonly NetworkSummary[],
): Promise<NetworkSummary[]> {
  return await Promise.all(
    networks.map(async (network) => {
      const { Containers } = await backend.inspect(network.Id, { verbose: false, scope: "" });
      return { ...network, Containers };
    }),
  );
}

/** The one parameter that docker reads more strictly than others. */
function verboseFlag({ query }: Exchange): boolean {
  const text = query.text("verbose");
  const value = text === "" ? false : readGoBool(text);
  if (value !== undefined) return value;
  throw invalidArgument(
    `invalid value for verbose: ${text}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

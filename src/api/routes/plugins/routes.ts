import { invalidArgument } from "../../../base/errors.ts";
import type { PluginPrivilege, ProgressMessage } from "../../../spec/engine-api/mod.ts";
import { list, readBody, string, struct } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { answerProgress } from "../../server/json-records.ts";
import { parseFilters } from "../filters.ts";
import { registryCredentials } from "../registry-auth.ts";
import type { PluginInstallRequest, PluginsBackend, RemotePluginRequest } from "./backend.ts";

const FILTERS = new Set(["enabled", "capability"]);
const privileges = list(struct("Privilege", { Name: string, Description: string, Value: list(string) }));
const assignments = list(string);

/** Managed plug-ins. */
export function pluginRoutes(backend: PluginsBackend): Endpoint[] {
  const endpoints = [...readRoutes(backend), ...transferRoutes(backend), ...changeRoutes(backend)];
  return endpoints.map((endpoint) => ({ since: "1.25", ...endpoint }));
}

function readRoutes(backend: PluginsBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/plugins",
      handle: (exchange) =>
        exchange.json(200, backend.listPlugins(parseFilters(exchange.query.text("filters"), FILTERS))),
    },
    {
      method: "GET",
      path: "/plugins/privileges",
      handle: async (exchange) => exchange.json(200, await backend.privileges(remoteOf(exchange))),
    },
    {
      method: "GET",
      path: "/plugins/:name/json",
      handle: (exchange) => exchange.json(200, backend.inspect(exchange.param("name"))),
    },
  ];
}

/** What moves whole plug-ins in and out. */
function transferRoutes(backend: PluginsBackend): Endpoint[] {
  const install = async (
    exchange: Exchange,
    nameOf: () => string,
    start: (request: PluginInstallRequest) => AsyncIterable<ProgressMessage>,
  ) => {
    const granted = await exchange.readJson();
    const name = nameOf();
    const request = {
      ...remoteOf(exchange),
      name,
      privileges: granted === undefined ? [] : readBody<PluginPrivilege[]>(privileges, granted),
    };
    // Clients that let the engine choose the name enable the plug-in by it.
    await answerProgress(exchange, async () => start(request), { headers: { "Docker-Plugin-Name": name } });
  };
  return [
    {
      method: "POST",
      path: "/plugins/pull",
      handle: (exchange) =>
        install(
          exchange,
          () => backend.nameFor(exchange.query.text("remote"), exchange.query.text("name")),
          (request) => backend.pull(request),
        ),
    },
    {
      method: "POST",
      path: "/plugins/create",
      handle: async (exchange) => {
        await backend.create(exchange.query.text("name"), exchange.body());
        exchange.empty(204);
      },
    },
    {
      method: "POST",
      path: "/plugins/:name/upgrade",
      since: "1.26",
      handle: (exchange) =>
        install(
          exchange,
          () => exchange.param("name"),
          (request) => backend.upgrade(request),
        ),
    },
    {
      method: "POST",
      path: "/plugins/:name/push",
      handle: (exchange) =>
        answerProgress(exchange, async () =>
          backend.push(exchange.param("name"), registryCredentials(exchange), exchange.signal),
        ),
    },
  ];
}

function changeRoutes(backend: PluginsBackend): Endpoint[] {
  return [
    {
      method: "POST",
      path: "/plugins/:name/enable",
      handle: async (exchange) => {
        await backend.enable(exchange.param("name"), readTimeout(exchange.query.text("timeout")));
        exchange.empty(200);
      },
    },
    {
      method: "POST",
      path: "/plugins/:name/disable",
      handle: async (exchange) => {
        await backend.disable(exchange.param("name"), { force: exchange.query.bool("force") });
        exchange.empty(200);
      },
    },
    {
      method: "POST",
      path: "/plugins/:name/set",
      handle: async (exchange) => {
        const texts = readBody<string[]>(assignments, (await exchange.readJson()) ?? []);
        await backend.set(exchange.param("name"), texts);
        exchange.empty(204);
      },
    },
    {
      method: "DELETE",
      path: "/plugins/:name",
      handle: async (exchange) => {
        const force = exchange.query.bool("force");
        exchange.json(200, await backend.remove(exchange.param("name"), { force }));
      },
    },
  ];
}

function remoteOf(exchange: Exchange): RemotePluginRequest {
  return {
    remote: exchange.query.text("remote"),
    credentials: registryCredentials(exchange),
    signal: exchange.signal,
  };
}

/** Seconds. Source: Go's strconv.Atoi, whose text clients see. */
function readTimeout(text: string): number {
  const seconds = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(seconds)) {
    throw invalidArgument(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Math.max(0, seconds);
}

import type { ContainerSummary } from "../../../spec/engine-api/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { adapt } from "../../server/versions.ts";
import { parseFilters } from "../filters.ts";
import type { ContainersBackend } from "./backend.ts";
import { copySummary, inspectRules, statsRules, summaryRules } from "./versions.ts";

const LIST_FILTERS = new Set([
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
]);

/** What is asked of containers without changing them. */
export function readRoutes(backend: ContainersBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/containers/json",
      handle: async (exchange) => {
        const containers = await backend.list({
          all: exchange.query.bool("all"),
          limit: Math.max(exchange.query.int("limit") ?? 0, 0),
          size: exchange.query.bool("size"),
          filters: parseFilters(exchange.query.text("filters"), LIST_FILTERS),
        });
        const adapted: ContainerSummary[] = containers.map((container) =>
          adapt(summaryRules, exchange.version, container, copySummary),
        );
        exchange.json(200, adapted);
      },
    },
    {
      method: "GET",
      path: "/containers/:name/json",
      handle: async (exchange) => {
        const container = await backend.inspect(exchange.param("name"), {
          size: exchange.query.bool("size"),
        });
        exchange.json(200, adapt(inspectRules, exchange.version, container));
      },
    },
    {
      method: "GET",
      path: "/containers/:name/top",
      handle: async (exchange) => {
        const psArgs = exchange.query.text("ps_args");
        exchange.json(200, await backend.top(exchange.param("name"), psArgs === "" ? "-ef" : psArgs));
      },
    },
    {
      method: "GET",
      path: "/containers/:name/changes",
      handle: async (exchange) => {
        const changes = await backend.changes(exchange.param("name"));
        exchange.json(200, changes.length === 0 ? null : changes);
      },
    },
    {
      method: "GET",
      path: "/containers/:name/stats",
      handle: async (exchange) => {
        const { query, version, signal } = exchange;
        const stream = query.bool("stream", true);
        const oneShot = version.atLeast("1.41") && query.bool("one-shot");
        const samples = await backend.stats(exchange.param("name"), { stream, oneShot, signal });
        await exchange.stream(
          { "Content-Type": "application/json" },
          (async function* () {
            for await (const sample of samples)
              yield `${JSON.stringify(adapt(statsRules, version, sample))}\n`;
          })(),
        );
      },
    },
    {
      method: "GET",
      path: "/containers/:name/export",
      handle: async (exchange) => {
        const tar = await backend.export(exchange.param("name"), { signal: exchange.signal });
        await exchange.stream({ "Content-Type": "application/octet-stream" }, tar);
      },
    },
  ];
}

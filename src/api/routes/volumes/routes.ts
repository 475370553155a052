import { invalidArgument, messageOf, unavailable } from "../../../base/errors.ts";
import type { Filters } from "../../../base/filters.ts";
import type { VolumeCreateRequest } from "../../../spec/engine-api/mod.ts";
import { any, map, readBody, string, struct } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { parseFilters } from "../filters.ts";
import { notManager } from "../swarm/routes.ts";
import type { VolumesBackend } from "./backend.ts";

const LIST_FILTERS = new Set(["dangling", "driver", "label", "name"]);
const PRUNE_FILTERS = new Set(["all", "label", "label!"]);

const createRequest = struct("CreateRequest", {
  Name: string,
  Driver: string,
  DriverOpts: map(string),
  Labels: map(string),
  ClusterVolumeSpec: any,
});

/** Errors: invalidArgument; what is no filter at all is told in words of its own. */
function readListFilters(text: string): Filters {
  let filters: Filters;
  try {
    filters = parseFilters(text);
  } catch (error) {
    throw invalidArgument(`error reading volume filters: ${messageOf(error)}`, { cause: error });
  }
  return filters.size === 0 ? filters : parseFilters(text, LIST_FILTERS);
}

export function volumeRoutes(backend: VolumesBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/volumes",
      handle: async (exchange) => {
        const filters = readListFilters(exchange.query.text("filters"));
        exchange.json(200, await backend.list(filters));
      },
    },
    {
      method: "GET",
      path: "/volumes/:name",
      handle: async (exchange) => exchange.json(200, await backend.inspect(exchange.param("name"))),
    },
    {
      method: "POST",
      path: "/volumes/create",
      handle: async (exchange) => {
        const { ClusterVolumeSpec: cluster, ...request } = readBody<VolumeCreateRequest>(
          createRequest,
          await exchange.readJson(),
        );
        if (cluster && exchange.version.atLeast("1.42")) throw notManager();
        exchange.json(201, await backend.create(request));
      },
    },
    {
      method: "PUT",
      path: "/volumes/:name",
      since: "1.42",
      handle: () => {
        throw unavailable("volume update only valid for cluster volumes, but swarm is unavailable");
      },
    },
    {
      method: "DELETE",
      path: "/volumes/:name",
      handle: async (exchange) => {
        await backend.remove(exchange.param("name"), { force: exchange.query.bool("force") });
        exchange.empty(204);
      },
    },
    {
      method: "POST",
      path: "/volumes/prune",
      since: "1.25",
      handle: async (exchange) => {
        const filters = parseFilters(exchange.query.text("filters"), PRUNE_FILTERS);
        // Before 1.42 volumes with a name were pruned too.
        if (exchange.version.below("1.42")) filters.set("all", ["true"]);
        exchange.json(200, await backend.prune(filters satisfies Filters));
      },
    },
  ];
}

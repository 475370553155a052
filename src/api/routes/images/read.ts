import { invalidArgument } from "../../../base/errors.ts";
import type { Filters } from "../../../base/filters.ts";
import type { OCIPlatform } from "../../../spec/engine-api/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { adapt } from "../../server/versions.ts";
import { parseFilters } from "../filters.ts";
import { platformDocuments } from "../platform.ts";
import { registryCredentials } from "../registry-auth.ts";
import type { ImagesBackend } from "./backend.ts";
import { inspectRules, summaryRules } from "./versions.ts";

const LIST_FILTERS = new Set(["before", "dangling", "label", "label!", "reference", "since", "until"]);
const SEARCH_FILTERS = new Set(["is-automated", "is-official", "stars"]);

/** What is asked of images without changing them. */
export function readRoutes(backend: ImagesBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/images/json",
      handle: async (exchange) => {
        const { query, version } = exchange;
        const manifests = version.atLeast("1.47") && query.bool("manifests");
        const identity = version.atLeast("1.54") && query.bool("identity");
        if (identity && !manifests) {
          throw invalidArgument("conflicting options: identity requires manifests=1");
        }
        const images = await backend.list({
          all: query.bool("all"),
          filters: listFilters(exchange),
          sharedSize: version.atLeast("1.42") && query.bool("shared-size"),
          manifests,
          identity,
        });
        exchange.json(
          200,
          images.map((image) => adapt(summaryRules, version, image, (shared) => ({ ...shared }))),
        );
      },
    },
    {
      method: "GET",
      path: "/images/:name/json",
      handle: async (exchange) => {
        const { query, version } = exchange;
        const manifests = version.atLeast("1.48") && query.bool("manifests");
        const platform = version.atLeast("1.49") ? onePlatform(exchange) : undefined;
        if (manifests && platform) {
          throw invalidArgument("conflicting options: manifests and platform options cannot both be set");
        }
        const image = await backend.inspect(exchange.param("name"), { manifests, platform });
        exchange.json(200, adapt(inspectRules, version, image));
      },
    },
    {
      method: "GET",
      path: "/images/:name/history",
      handle: async (exchange) => {
        const platform = exchange.version.atLeast("1.48") ? onePlatform(exchange) : undefined;
        exchange.json(200, await backend.history(exchange.param("name"), { platform }));
      },
    },
    {
      method: "GET",
      path: "/images/:name/attestations",
      since: "1.55",
      handle: async (exchange) => {
        const { query } = exchange;
        if (query.all("platform").length > 1) {
          throw invalidArgument("only one platform value is currently supported");
        }
        const predicateTypes = query.all("type").map((type) => type.trim());
        exchange.json(
          200,
          await backend.attestations(exchange.param("name"), {
            platform: onePlatform(exchange),
            predicateTypes: predicateTypes.filter((type) => type !== ""),
            statement: query.bool("statement"),
          }),
        );
      },
    },
    {
      method: "GET",
      path: "/images/search",
      handle: async (exchange) => {
        const { query, signal } = exchange;
        const limit = query.text("limit");
        if (!/^\d*$/.test(limit)) throw invalidArgument(`invalid limit specified: ${limit}`);
        exchange.json(
          200,
          await backend.search(query.text("term"), {
            limit: Number(limit),
            filters: parseFilters(query.text("filters"), SEARCH_FILTERS),
            credentials: registryCredentials(exchange),
            signal,
          }),
        );
      },
    },
  ];
}

/** The platform of a query that takes one; undefined where it has none. Errors: invalidArgument. */
export function onePlatform({ query }: Exchange): OCIPlatform | undefined {
  return platformDocuments(query, "platform")[0];
}

/** Platforms of a query that takes several since 1.52 and one since 1.48. Errors: invalidArgument. */
export function severalPlatforms({ query, version }: Exchange): OCIPlatform[] {
  if (version.below("1.48")) return [];
  if (version.below("1.52") && query.all("platform").length > 1) {
    throw invalidArgument(
      "multiple platform parameters are not supported in this API version; use API version 1.52 or later",
    );
  }
  return platformDocuments(query, "platform");
}

/** Before 1.41 a parameter of its own filtered by name. */
function listFilters({ query, version }: Exchange): Filters {
  const filters = parseFilters(query.text("filters"), LIST_FILTERS);
  const name = version.below("1.41") ? query.text("filter") : "";
  if (name !== "" && !filters.has("reference")) filters.set("reference", [name]);
  return filters;
}

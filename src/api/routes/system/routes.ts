import { invalidArgument } from "../../../base/errors.ts";
import type { EngineEvent } from "../../../core/events/event-log.ts";
import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../../../spec/engine-api/api-versions.ts";
import type { AuthConfig } from "../../../spec/engine-api/mod.ts";
import { readBody, string, struct } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { acceptedType, encodeRecord, JSON_LINES, JSON_SEQUENCE, NDJSON } from "../../server/json-records.ts";
import { type ApiVersion, adapt } from "../../server/versions.ts";
import { parseFilters } from "../filters.ts";
import type { SystemBackend } from "./backend.ts";
import { diskUsageRoute } from "./disk-usage.ts";
import { eventMessage, infoRules, isKnownEvent } from "./versions.ts";

export interface SystemRouteOptions {
  /** Builder that clients should use: `2` is BuildKit, `1` the classic one; undefined leaves the header out. */
  readonly builderVersion: "1" | "2" | undefined;
}

const authConfig = struct("AuthConfig", {
  username: string,
  password: string,
  email: string,
  serveraddress: string,
  identitytoken: string,
  registrytoken: string,
});

/** The engine itself. */
export function systemRoutes(backend: SystemBackend, options: SystemRouteOptions): Endpoint[] {
  const pingHeaders = {
    ...(options.builderVersion === undefined ? {} : { "Builder-Version": options.builderVersion }),
    Swarm: "inactive",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
  };
  return [
    { method: "GET", path: "/_ping", handle: (exchange) => exchange.text(200, "OK", pingHeaders) },
    { method: "HEAD", path: "/_ping", handle: (exchange) => exchange.text(200, "", pingHeaders) },
    {
      method: "GET",
      path: "/version",
      handle: async (exchange) => {
        const { Platform, Components, Version, ...rest } = await backend.version();
        exchange.json(200, {
          ...(Platform && { Platform }),
          ...(Components && { Components }),
          Version,
          ApiVersion: NEWEST_API_VERSION,
          MinAPIVersion: OLDEST_API_VERSION,
          ...rest,
        });
      },
    },
    {
      method: "GET",
      path: "/info",
      handle: async (exchange) => {
        exchange.json(200, adapt(infoRules, exchange.version, await backend.info()));
      },
    },
    {
      method: "POST",
      path: "/auth",
      handle: async (exchange) => {
        const config = readBody<AuthConfig>(authConfig, await exchange.readJson());
        const client = exchange.header("user-agent");
        exchange.json(200, await backend.login(config, { signal: exchange.signal, client }));
      },
    },
    { method: "GET", path: "/events", handle: (exchange) => answerEvents(backend, exchange) },
    diskUsageRoute(backend),
  ];
}

const EVENT_TYPES = [JSON_LINES, NDJSON, JSON_SEQUENCE];

async function answerEvents(backend: SystemBackend, exchange: Exchange): Promise<void> {
  const { query, version, signal } = exchange;
  const sinceNs = query.timestamp("since", "invalid value for 'since'");
  const untilNs = query.timestamp("until", "invalid value for 'until'");
  if (sinceNs !== undefined && untilNs !== undefined && untilNs < sinceNs) {
    throw invalidArgument(
      `\`since\` time (${query.text("since")}) cannot be after \`until\` time (${query.text("until")})`,
    );
  }
  const filters = parseFilters(query.text("filters"));
  const events = await backend.events({ sinceNs, untilNs, filters, signal });
  const contentType =
    acceptedType(exchange.header("accept"), EVENT_TYPES) ??
    (version.below("1.52") ? "application/json" : JSON_LINES);
  await exchange.stream({ "Content-Type": contentType }, encodeEvents(events, version, contentType));
}

async function* encodeEvents(
  events: AsyncIterable<EngineEvent>,
  version: ApiVersion,
  contentType: string,
): AsyncGenerator<string> {
  for await (const event of events) {
    if (isKnownEvent(event, version)) yield encodeRecord(eventMessage(event, version), contentType);
  }
}

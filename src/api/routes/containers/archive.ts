import { invalidArgument } from "../../../base/errors.ts";
import type { PathStat } from "../../../spec/engine-api/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange, Headers } from "../../server/exchange.ts";
import type { ContainersBackend } from "./backend.ts";

/** Files of a container: what `docker cp` speaks. */
export function archiveRoutes(backend: ContainersBackend): Endpoint[] {
  const path = "/containers/:name/archive";
  return [
    {
      method: "HEAD",
      path,
      handle: async (exchange) => {
        const stat = await backend.statPath(exchange.param("name"), requiredPath(exchange));
        exchange.empty(200, statHeader(stat));
      },
    },
    {
      method: "GET",
      path,
      handle: async (exchange) => {
        const { signal } = exchange;
        const { stat, tar } = await backend.getArchive(exchange.param("name"), requiredPath(exchange), {
          signal,
        });
        await exchange.stream({ "Content-Type": "application/x-tar", ...statHeader(stat) }, tar);
      },
    },
    {
      method: "PUT",
      path,
      handle: async (exchange) => {
        const { query, signal } = exchange;
        await backend.putArchive(exchange.param("name"), requiredPath(exchange), exchange.body(), {
          noOverwriteDirNonDir: query.bool("noOverwriteDirNonDir"),
          copyUidGid: query.bool("copyUIDGID"),
          signal,
        });
        exchange.empty(200);
      },
    },
  ];
}

function requiredPath({ query }: Exchange): string {
  const path = query.text("path");
  if (path === "") throw invalidArgument("bad parameter: path cannot be empty");
  return path;
}

function statHeader(stat: PathStat): Headers {
  return { "X-Docker-Container-Path-Stat": Buffer.from(JSON.stringify(stat)).toString("base64") };
}

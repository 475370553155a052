import { invalidArgument } from "../../../base/errors.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { VolumeCopiesBackend } from "./backend.ts";

/** Endpoints of this program's own, below `/gantry/volumes`: the Engine API has nothing of the kind. */
export function volumeCopyRoutes(backend: VolumeCopiesBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/gantry/volumes/:name/export",
      handle: async (exchange) => {
        const tar = await backend.export(exchange.param("name"), { signal: exchange.signal });
        await exchange.stream({ "Content-Type": "application/x-tar" }, tar);
      },
    },
    {
      method: "POST",
      path: "/gantry/volumes/:name/import",
      handle: async (exchange) => {
        const { signal } = exchange;
        exchange.json(201, await backend.import(exchange.param("name"), exchange.body(), { signal }));
      },
    },
    {
      method: "POST",
      path: "/gantry/volumes/:name/clone",
      handle: async (exchange) => {
        const target = exchange.query.text("target");
        if (target === "") throw invalidArgument("a clone needs a name: the query parameter target is empty");
        exchange.json(201, await backend.clone(exchange.param("name"), target));
      },
    },
    {
      method: "POST",
      path: "/gantry/volumes/:name/rename",
      handle: async (exchange) => {
        const target = exchange.query.text("target");
        if (target === "")
          throw invalidArgument("the new name of a volume is missing: the query parameter target is empty");
        exchange.json(200, await backend.rename(exchange.param("name"), target));
      },
    },
    {
      method: "POST",
      path: "/gantry/volumes/:name/snapshot",
      handle: async (exchange) => {
        const { query } = exchange;
        exchange.json(201, await backend.snapshot(exchange.param("name"), query.text("target")));
      },
    },
  ];
}

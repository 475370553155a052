import { notFound, notImplemented } from "../../../base/errors.ts";
import type { Endpoint } from "../../server/endpoint.ts";

/** Managed plugins: the engine cannot install any, so it has none. */
export function pluginRoutes(): Endpoint[] {
  const refuse = () => {
    throw notImplemented("this engine has no managed plugins");
  };
  const missing: Endpoint["handle"] = (exchange) => {
    throw notFound(`plugin ${JSON.stringify(exchange.param("name"))} not found`);
  };
  return [
    { method: "GET", path: "/plugins", handle: (exchange) => exchange.json(200, []) },
    { method: "GET", path: "/plugins/privileges", handle: refuse },
    { method: "POST", path: "/plugins/pull", handle: refuse },
    { method: "POST", path: "/plugins/create", handle: refuse },
    { method: "GET", path: "/plugins/:name/json", handle: missing },
    { method: "DELETE", path: "/plugins/:name", handle: missing },
    ...["enable", "disable", "upgrade", "push", "set"].map(
      (action): Endpoint => ({ method: "POST", path: `/plugins/:name/${action}`, handle: missing }),
    ),
  ];
}

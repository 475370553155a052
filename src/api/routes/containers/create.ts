import { invalidArgument } from "../../../base/errors.ts";
import type { ContainerCreateRequest } from "../../../spec/engine-api/mod.ts";
import { readBody } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { applyRules } from "../../server/versions.ts";
import { platformText } from "../platform.ts";
import type { ContainersBackend } from "./backend.ts";
import { type CompleteCreateRequest, createRules } from "./create-versions.ts";
import { createRequest } from "./schemas.ts";

export interface ContainerRouteOptions {
  /** Whether the host's controllers are in the unified hierarchy: older API versions have other defaults where not. */
  readonly cgroupV2: boolean;
}

export function createRoute(backend: ContainersBackend, options: ContainerRouteOptions): Endpoint {
  return {
    method: "POST",
    path: "/containers/create",
    handle: async (exchange) => {
      const request = complete(await readCreateRequest(exchange));
      const warnings: string[] = [];
      const draft = { request, warnings, version: exchange.version, cgroupV2: options.cgroupV2 };
      applyRules(createRules, exchange.version, draft);
      const platform = exchange.version.atLeast("1.41")
        ? platformText(exchange.query, "platform")
        : undefined;
      const name = exchange.query.text("name").replace(/^\//, "");
      const readOnlyBindsAreFlat = exchange.version.below("1.44");
      const created = await backend.create({ name, platform, request, readOnlyBindsAreFlat });
      exchange.json(201, { Id: created.id, Warnings: [...created.warnings, ...warnings] });
    },
  };
}

async function readCreateRequest(exchange: Exchange): Promise<ContainerCreateRequest> {
  const request = readBody<ContainerCreateRequest>(createRequest, (await exchange.readJson()) ?? {});
  const { HostConfig: _host, NetworkingConfig: _networking, ...config } = request;
  if (Object.keys(config).length === 0) {
    throw invalidArgument("config cannot be empty in order to create a container");
  }
  return request;
}

function complete(request: ContainerCreateRequest): CompleteCreateRequest {
  const endpoints: CompleteCreateRequest["NetworkingConfig"]["EndpointsConfig"] = {};
  for (const [network, endpoint] of Object.entries(request.NetworkingConfig?.EndpointsConfig ?? {})) {
    endpoints[network] = endpoint ?? {};
  }
  return {
    ...request,
    HostConfig: request.HostConfig ?? {},
    NetworkingConfig: { ...request.NetworkingConfig, EndpointsConfig: endpoints },
  };
}

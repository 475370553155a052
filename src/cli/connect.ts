import { EngineError } from "../base/errors.ts";
import { ApiClient } from "../client/api-client.ts";
import {
  type ResolvedEndpoint,
  resolveContextName,
  resolveEndpoint,
} from "../client/config/resolve-endpoint.ts";
import type { Endpoint } from "../client/endpoint.ts";
import { ConnectionError } from "../client/errors.ts";
import type { Cli } from "./cli.ts";
import { customHeaders } from "./custom-headers.ts";
import { endpointSources } from "./endpoint-sources.ts";
import { debugLine } from "./log-level.ts";

/** A client of the engine; the local engine is started where it is meant and does not run. */
export async function connect(cli: Cli): Promise<ApiClient> {
  const { resolved, headers } = resolve(cli);
  const pinned = cli.env["DOCKER_API_VERSION"];
  const client = new ApiClient({
    endpoint: resolved.endpoint,
    headers,
    ...(await proxyOf(cli, resolved.endpoint)),
    ...(pinned ? { apiVersion: pinned } : {}),
    ...(cli.debugging ? { onRequest: (request: string) => cli.warn(debugLine(request, new Date())) } : {}),
  });
  if (!resolved.isDefault || cli.globals["no-autostart"]) return client;
  try {
    await client.ping();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    await startLocalEngine(cli, client, error);
  }
  return client;
}

interface Resolved {
  readonly resolved: ResolvedEndpoint;
  readonly headers: Readonly<Record<string, string>>;
}

function resolve(cli: Cli): Resolved {
  const sources = endpointSources(cli);
  try {
    const resolved = resolveEndpoint(sources);
    return { resolved, headers: customHeaders(cli.env) ?? cli.config.HttpHeaders ?? {} };
  } catch (error) {
    // What contradicts itself on the command line is told as it is; the rest as what docker could not set itself up with.
    resolveContextName(sources);
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `Failed to initialize: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

/** The proxy of the environment; there is none for local sockets, nor for TLS, which is spoken with the engine itself. */
async function proxyOf(cli: Cli, endpoint: Endpoint): Promise<{ proxy?: URL }> {
  if (endpoint.kind !== "tcp" || endpoint.tls) return {};
  const { proxyFor } = await import("../base/http-proxy.ts");
  const proxy = proxyFor(
    new URL(
      `http://${endpoint.hostname.includes(":") ? `[${endpoint.hostname}]` : endpoint.hostname}:${endpoint.port}`,
    ),
    cli.env,
  );
  return proxy ? { proxy } : {};
}

async function startLocalEngine(cli: Cli, client: ApiClient, reason: ConnectionError): Promise<void> {
  const { ENGINE_LOG, startEngine } = await import("./autostart.ts");
  const listens = await startEngine(reason);
  client.forgetPing();
  if (listens) return;
  try {
    await client.ping();
  } catch (error) {
    cli.warn(`The engine that was started for this command has ended; ${ENGINE_LOG} says why.`);
    throw error;
  }
}

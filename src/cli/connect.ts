import { ApiClient } from "../client/api-client.ts";
import { type ResolvedEndpoint, resolveEndpoint } from "../client/config/resolve-endpoint.ts";
import { ConnectionError } from "../client/errors.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";
import { debugLine } from "./log-level.ts";

/** The engine that the command line, the environment and the configuration name. */
export function resolveCliEndpoint(cli: Cli): ResolvedEndpoint {
  const { globals, givenGlobals } = cli;
  if (globals.host.length > 1) throw new ExitError(1, "specify only one -H");
  return resolveEndpoint({
    env: cli.env,
    configDir: cli.configDir,
    currentContext: cli.config.currentContext,
    host: globals.host[0],
    context: globals.context || undefined,
    ...(givenGlobals.has("tls") ? { tls: globals.tls } : {}),
    ...(givenGlobals.has("tlsverify") ? { tlsVerify: globals.tlsverify } : {}),
    caPath: globals.tlscacert || undefined,
    certPath: globals.tlscert || undefined,
    keyPath: globals.tlskey || undefined,
  });
}

/** A client of the engine; the local engine is started where it is meant and does not run. */
export async function connect(cli: Cli): Promise<ApiClient> {
  const resolved = resolveCliEndpoint(cli);
  const pinned = cli.env["DOCKER_API_VERSION"];
  const client = new ApiClient({
    endpoint: resolved.endpoint,
    headers: cli.config.HttpHeaders ?? {},
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

import { type EndpointSources, resolveContextName } from "../client/config/resolve-endpoint.ts";
import type { Cli } from "./cli.ts";

/** What the command line, the environment and the configuration say of the engine that is meant. */
export function endpointSources(cli: Cli): EndpointSources {
  const { globals, givenGlobals } = cli;
  return {
    env: cli.env,
    configDir: cli.configDir,
    currentContext: cli.config.currentContext,
    host: globals.host || undefined,
    context: globals.context || undefined,
    ...(givenGlobals.has("tls") ? { tls: globals.tls } : {}),
    ...(givenGlobals.has("tlsverify") ? { tlsVerify: globals.tlsverify } : {}),
    caPath: globals.tlscacert || undefined,
    certPath: globals.tlscert || undefined,
    keyPath: globals.tlskey || undefined,
  };
}

/** The name of the context that commands use; it need not be there. */
export function currentContext(cli: Cli): string {
  return resolveContextName(endpointSources(cli));
}

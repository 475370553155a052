import { alreadyExists, isKind } from "../../base/errors.ts";
import { resolveDefaultEndpoint } from "../../client/config/resolve-endpoint.ts";
import { checkContextName, DEFAULT_CONTEXT } from "../../client/contexts/context-name.ts";
import { type ContextMetadata, contextPaths, readContext } from "../../client/contexts/context-store.ts";
import { type ContextTls, readTlsFiles } from "../../client/contexts/context-tls.ts";
import type { Cli } from "../cli.ts";
import { endpointSources } from "../endpoint-sources.ts";

/** What the default context is said to be wherever it has to be told. */
export const DEFAULT_DESCRIPTION = "Current DOCKER_HOST based configuration";

/** A context, stored or not, and where it is. */
export interface Context {
  readonly metadata: ContextMetadata;
  readonly tls: ContextTls;
  readonly storage: { readonly MetadataPath: string; readonly TLSPath: string };
}

/** The context of that name; `default` is what the command line and the environment say. Errors: notFound. */
export function findContext(cli: Cli, name: string): Context {
  if (name === DEFAULT_CONTEXT) return defaultContext(cli);
  const paths = contextPaths(cli.configDir, name);
  return {
    metadata: readContext(cli.configDir, name),
    tls: readTlsFiles(cli.configDir, name),
    storage: { MetadataPath: paths.meta, TLSPath: paths.tls },
  };
}

function defaultContext(cli: Cli): Context {
  const { host, tls } = resolveDefaultEndpoint(endpointSources(cli));
  const files = (["ca", "cert", "key"] as const).flatMap((name) => {
    const text = tls?.[name];
    return text === undefined ? [] : [[`${name}.pem`, Buffer.from(text)]];
  });
  return {
    metadata: {
      Name: DEFAULT_CONTEXT,
      Metadata: {},
      Endpoints: { docker: { Host: host, SkipTLSVerify: tls !== undefined && !tls.verify } },
    },
    tls: files.length === 0 ? {} : { docker: Object.fromEntries(files) },
    storage: { MetadataPath: "<IN MEMORY>", TLSPath: "<IN MEMORY>" },
  };
}

/** Errors: invalidArgument for a name that no context can have, alreadyExists for that of another one. */
export function checkNewName(cli: Cli, name: string): void {
  checkContextName(name);
  try {
    readContext(cli.configDir, name);
  } catch (error) {
    if (isKind(error, "notFound")) return;
    throw error;
  }
  throw alreadyExists(`context ${JSON.stringify(name)} already exists`);
}

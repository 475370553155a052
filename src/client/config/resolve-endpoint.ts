import { readFileSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, messageOf } from "../../base/errors.ts";
import { type Endpoint, parseEndpoint, type TlsMaterial } from "../endpoint.ts";
import { readContext, readContextTls } from "./context-store.ts";

/** Where the engine listens when nothing says otherwise. */
export const DEFAULT_HOST = "unix:///run/gantry/gantry.sock";

/** What a command line says of TLS. */
export interface TlsFlags {
  readonly tls?: boolean;
  readonly tlsVerify?: boolean;
  readonly caPath?: string | undefined;
  readonly certPath?: string | undefined;
  readonly keyPath?: string | undefined;
}

export interface EndpointSources extends TlsFlags {
  readonly env: NodeJS.ProcessEnv;
  readonly configDir: string;
  /** `currentContext` of the configuration. */
  readonly currentContext?: string | undefined;
  /** `-H`. */
  readonly host?: string | undefined;
  /** `--context`. */
  readonly context?: string | undefined;
}

export interface ResolvedEndpoint {
  readonly endpoint: Endpoint;
  /** `default` unless a stored context is used. */
  readonly contextName: string;
  /** Whether nothing named an endpoint, so that the local engine is meant. */
  readonly isDefault: boolean;
}

/**
 * The engine that a command speaks to: `--context` or `-H`, else `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the
 * configuration's current context, else the local engine.
 * Errors: invalidArgument, notFound (context), notImplemented (ssh).
 */
export function resolveEndpoint(sources: EndpointSources): ResolvedEndpoint {
  const contextName = contextNameOf(sources);
  if (contextName !== "default") return contextEndpoint(sources.configDir, contextName);
  const host = sources.host ?? (sources.env["DOCKER_HOST"] || undefined);
  const tls = tlsOf(sources);
  return {
    endpoint: parseEndpoint(completeHost(host ?? DEFAULT_HOST, tls !== undefined), tls),
    contextName,
    isDefault: host === undefined,
  };
}

function contextNameOf(sources: EndpointSources): string {
  if (sources.context && sources.host)
    throw invalidArgument("conflicting options: cannot specify both --host and --context");
  if (sources.context) return sources.context;
  if (sources.host || sources.env["DOCKER_HOST"]) return "default";
  return sources.env["DOCKER_CONTEXT"] || sources.currentContext || "default";
}

function contextEndpoint(configDir: string, contextName: string): ResolvedEndpoint {
  const context = readContext(configDir, contextName);
  const host = context.Endpoints.docker?.Host;
  if (!host)
    throw invalidArgument(`no docker endpoint configured for context ${JSON.stringify(contextName)}`);
  const endpoint = parseEndpoint(completeHost(host, false), readContextTls(configDir, context));
  return { endpoint, contextName, isDefault: false };
}

/** A host as it may be typed (`:2375`, `engine.example`, `unix://`) in full. */
function completeHost(host: string, tls: boolean): string {
  const text = host.trim();
  if (text === "" || text === "unix://") return DEFAULT_HOST;
  if (text === "tcp://") return `tcp://localhost:${tls ? 2376 : 2375}`;
  const withScheme = text.includes("://") ? text : `tcp://${text}`;
  return withScheme.replace(/^(tcp:\/\/)(?=:)/, "$1localhost");
}

function tlsOf(sources: EndpointSources): TlsMaterial | undefined {
  const { env } = sources;
  const verify = sources.tlsVerify ?? Boolean(env["DOCKER_TLS_VERIFY"]);
  if (!verify && !(sources.tls ?? Boolean(env["DOCKER_TLS"]))) return undefined;
  const dir = env["DOCKER_CERT_PATH"] || sources.configDir;
  const ca = readPem(sources.caPath, join(dir, "ca.pem"), verify);
  const cert = readPem(sources.certPath, join(dir, "cert.pem"), false);
  const key = readPem(sources.keyPath, join(dir, "key.pem"), false);
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** A certificate: one that was named must be there, one at the default place may be missing unless it is needed. */
function readPem(named: string | undefined, fallback: string, needed: boolean): string | undefined {
  try {
    return readFileSync(named ?? fallback, "utf8");
  } catch (error) {
    if (named === undefined && !needed && (error as NodeJS.ErrnoException).code === "ENOENT")
      return undefined;
    throw invalidArgument(
      `could not read certificate ${JSON.stringify(named ?? fallback)}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EngineError, invalidArgument } from "../../base/errors.ts";
import { describeFileError } from "../../base/file-error.ts";
import { DEFAULT_CONTEXT } from "../contexts/context-name.ts";
import { readContext } from "../contexts/context-store.ts";
import { readContextTls } from "../contexts/context-tls.ts";
import { type Endpoint, parseEndpoint, type TlsMaterial } from "../endpoint.ts";

/** Where the engine listens when nothing says otherwise. */
export const DEFAULT_HOST = "unix:///run/gantry/gantry.sock";
const DEFAULT_TLS_HOST = "tcp://localhost:2376";
const DEFAULT_PORT = 2375;
/** Those of docker, and the two that mean the same as `tcp`. */
const SCHEMES = ["tcp", "unix", "npipe", "fd", "ssh", "http", "https"];

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

/** An engine as it is described, before anyone looks whether its host can be one. */
export interface DescribedEndpoint {
  readonly host: string;
  readonly tls: TlsMaterial | undefined;
  /** Whether nothing named it. */
  readonly isDefault: boolean;
}

/**
 * The engine that a command speaks to: that of the context which `resolveContextName` finds.
 * Errors: invalidArgument, notFound (context), notImplemented (ssh).
 */
export function resolveEndpoint(sources: EndpointSources): ResolvedEndpoint {
  const contextName = resolveContextName(sources);
  const { host, tls, isDefault } = resolving(() =>
    contextName === DEFAULT_CONTEXT
      ? resolveDefaultEndpoint(sources)
      : contextEndpoint(sources.configDir, contextName),
  );
  return { endpoint: parseEndpoint(host, tls), contextName, isDefault };
}

/** What `resolve` finds; what it cannot is told as docker does. */
function resolving<T>(resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `unable to resolve docker endpoint: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * The context that is meant: that of `--context`, else `default` where `-H` or `DOCKER_HOST` name an engine, else
 * `DOCKER_CONTEXT`, else the configuration's current one, else `default`. It need not be there.
 */
export function resolveContextName(sources: EndpointSources): string {
  if (sources.context && sources.host)
    throw invalidArgument("conflicting options: cannot specify both --host and --context");
  if (sources.context) return sources.context;
  if (sources.host || sources.env["DOCKER_HOST"]) return DEFAULT_CONTEXT;
  return sources.env["DOCKER_CONTEXT"] || sources.currentContext || DEFAULT_CONTEXT;
}

/** The engine of the `default` context. Errors: invalidArgument. */
export function resolveDefaultEndpoint(sources: EndpointSources): DescribedEndpoint {
  const host = sources.host ?? (sources.env["DOCKER_HOST"] || undefined);
  const tls = tlsOf(sources);
  return { host: completeHost(host ?? "", tls !== undefined), tls, isDefault: host === undefined && !tls };
}

function contextEndpoint(configDir: string, contextName: string): DescribedEndpoint {
  const context = readContext(configDir, contextName);
  const endpoint = context.Endpoints.docker;
  if (!endpoint) throw invalidArgument("cannot find docker endpoint in context");
  const tls = readContextTls(configDir, context);
  return { host: endpoint.Host || DEFAULT_HOST, tls, isDefault: false };
}

/** A host as it may be typed (`:2375`, `engine.example`, `unix://`) in full. */
function completeHost(host: string, tls: boolean): string {
  const text = host.trim();
  if (text === "") return tls ? DEFAULT_TLS_HOST : DEFAULT_HOST;
  if (text === "unix://") return DEFAULT_HOST;
  if (text === "tcp://") return `tcp://localhost:${DEFAULT_PORT}`;
  const [scheme, address = ""] = text.includes("://") ? text.split("://") : ["tcp", text];
  if (!SCHEMES.includes(scheme!)) throw invalidArgument(`invalid bind address format: ${text}`);
  if (scheme !== "tcp") return text;
  const [, name = "", port = "", path = ""] = /^(\[.*?\]|[^:/]*)(?::(\d*))?(\/.*)?$/.exec(address) ?? [];
  if (name === "" && port === "") throw invalidArgument(`invalid bind address format: ${address}`);
  return `tcp://${name || "localhost"}:${port || DEFAULT_PORT}${path}`;
}

/** To speak of verification at all, even to forbid it, asks for TLS. */
function tlsOf(sources: EndpointSources): TlsMaterial | undefined {
  const { env } = sources;
  const verify = sources.tlsVerify ?? Boolean(env["DOCKER_TLS_VERIFY"]);
  const wanted = sources.tlsVerify !== undefined || verify || (sources.tls ?? Boolean(env["DOCKER_TLS"]));
  if (!wanted) return undefined;
  const dir = env["DOCKER_CERT_PATH"] || sources.configDir;
  const ca = readPem(sources.caPath ?? join(dir, "ca.pem"));
  const cert = readNamedOrFound(sources.certPath, join(dir, "cert.pem"));
  const key = readNamedOrFound(sources.keyPath, join(dir, "key.pem"));
  return {
    verify,
    ca,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** A certificate that was named must be there, one at the default place may be missing. */
function readNamedOrFound(named: string | undefined, fallback: string): string | undefined {
  if (named !== undefined) return readPem(named);
  return existsSync(fallback) ? readPem(fallback) : undefined;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw invalidArgument(describeFileError(error, path), { cause: error });
  }
}

import { invalidArgument, notImplemented } from "../base/errors.ts";

/** Certificates in PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Whether the server must prove who it is. */
  readonly verify: boolean;
  readonly serverName?: string;
}

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly host: string; readonly path: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly hostname: string;
      readonly port: number;
      /** Path in front of every request's path, with no slash at its end. */
      readonly basePath: string;
      readonly tls?: TlsMaterial;
    };

const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/**
 * The endpoint that a `DOCKER_HOST` value means: `unix:///path`, `tcp://host:port`, `http://` or `https://`.
 * Errors: invalidArgument for what is no host, notImplemented for `ssh://`, `fd://` and `npipe://`.
 */
export function parseEndpoint(host: string, tls?: TlsMaterial): Endpoint {
  const separator = host.indexOf("://");
  if (separator < 1 || separator + 3 === host.length)
    throw invalidArgument(`unable to parse docker host \`${host}\``);
  const scheme = host.slice(0, separator);
  const rest = host.slice(separator + 3);
  switch (scheme) {
    case "unix":
      return { kind: "unix", host, path: rest };
    case "tcp":
    case "http":
      return tcpEndpoint(host, rest, tls);
    case "https":
      return tcpEndpoint(host, rest, tls ?? { verify: true });
    case "ssh":
      throw notImplemented(`${host}: connecting to an engine over ssh is not supported yet`, {
        hint: "forward the socket with ssh -L /tmp/engine.sock:/run/gantry/gantry.sock and use unix:///tmp/engine.sock",
      });
    default:
      throw invalidArgument(`invalid bind address format: ${host}`);
  }
}

function tcpEndpoint(host: string, rest: string, tls: TlsMaterial | undefined): Endpoint {
  if (!URL.canParse(`http://${rest}`)) throw invalidArgument(`unable to parse docker host \`${host}\``);
  const url = new URL(`http://${rest}`);
  // URL drops the port that is its scheme's default.
  const explicitPort = /:80$/.test(rest.split("/", 1)[0]!) ? 80 : Number(url.port);
  const port = explicitPort || (tls ? DEFAULT_TLS_PORT : DEFAULT_PORT);
  return {
    kind: "tcp",
    host,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    basePath: url.pathname.replace(/\/+$/, ""),
    ...(tls ? { tls } : {}),
  };
}

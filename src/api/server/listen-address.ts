import { isIP } from "node:net";
import { invalidArgument } from "../../base/errors.ts";

/** Where a daemon listens. */
export type ListenAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "fd"; readonly name: string };

const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/**
 * The address that `-H` spells: `unix:///path`, `tcp://host:port` or `host:port`, `fd://` or `fd://name`.
 * Errors: invalidArgument. Source: dockerd(8), `--host`.
 */
export function parseListenAddress(text: string, options: { readonly tls: boolean }): ListenAddress {
  const address = text.trim();
  if (address === "") throw invalidArgument(`unable to parse docker host \`${text}\``);
  const [, protocol, rest] = /^([a-z]+):\/\/(.*)$/.exec(address) ?? ["", "tcp", address];
  if (protocol === "unix") {
    if (!rest.startsWith("/")) throw invalidArgument(`unix socket path must be absolute: ${text}`);
    return { kind: "unix", path: rest };
  }
  if (protocol === "fd") return { kind: "fd", name: rest };
  if (protocol === "tcp") return parseTcp(text, rest, options.tls ? DEFAULT_TLS_PORT : DEFAULT_PORT);
  throw invalidArgument(`invalid bind address (${text}): unsupported proto '${protocol}'`);
}

function parseTcp(text: string, rest: string, defaultPort: number): ListenAddress {
  const match = /^(\[[^\]]*\]|[^:/]*)(?::(\d*))?$/.exec(rest);
  if (!match) throw invalidArgument(`invalid bind address (${text}): should not contain a path element`);
  const host = match[1]!.replace(/^\[|\]$/g, "");
  const port = match[2] ? Number(match[2]) : defaultPort;
  if (port > 65535) throw invalidArgument(`invalid bind address (${text}): invalid port ${port}`);
  return { kind: "tcp", host: host === "" ? "127.0.0.1" : host, port };
}

/** Whether only this machine can reach a TCP address. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

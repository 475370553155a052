import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Endpoint } from "./endpoint.ts";
import { ConnectionError } from "./errors.ts";
import { tlsOptions } from "./tls-options.ts";

/** A connection to an engine on which nothing was said yet; each side may end first. Errors: ConnectionError. */
export async function dial(endpoint: Endpoint): Promise<Socket> {
  const { socket, opened } = open(endpoint);
  try {
    await once(socket, opened);
    return socket;
  } catch (error) {
    throw new ConnectionError(endpoint.host, error as NodeJS.ErrnoException);
  }
}

function open(endpoint: Endpoint): { socket: Socket; opened: string } {
  if (endpoint.kind === "unix")
    return { socket: connect({ path: endpoint.path, allowHalfOpen: true }), opened: "connect" };
  const address = { host: endpoint.hostname, port: endpoint.port };
  if (!endpoint.tls) return { socket: connect({ ...address, allowHalfOpen: true }), opened: "connect" };
  return { socket: connectTls({ ...address, ...tlsOptions(endpoint) }), opened: "secureConnect" };
}

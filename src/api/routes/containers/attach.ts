import { delay } from "../../../base/async.ts";
import { invalidArgument, messageOf } from "../../../base/errors.ts";
import type { AttachSession } from "../../../core/containers/streams.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { type Exchange, RAW_STREAM } from "../../server/exchange.ts";
import { httpStatusOf } from "../../server/http-status.ts";
import { acceptHandshake, WebSocketDuplex } from "../../server/websocket.ts";
import { relaySession, streamContentType } from "../relay-session.ts";
import type { AttachOptions, ContainersBackend } from "./backend.ts";

/**
 * Clients that read the head through a buffer and the stream behind it from the socket (docker-py) lose what arrives
 * together with the head. Output that is there already gives them time to read the head alone.
 */
const HEAD_START_MS = 5;
const LONGEST_BODY_BYTES = 1024 * 1024;

export function attachRoutes(backend: ContainersBackend): Endpoint[] {
  return [
    {
      method: "POST",
      path: "/containers/:name/attach",
      hijacks: true,
      handle: async (exchange) => {
        // dockerode says the options a second time in a body: that is not the container's input.
        await exchange.readAhead(LONGEST_BODY_BYTES);
        const options = attachOptions(exchange, (name) => exchange.query.bool(name));
        const session = await attachOrTell(backend, exchange, options);
        if (!session) return;
        const connection = exchange.hijack(streamContentType(exchange, session.tty));
        if (options.logs) await delay(HEAD_START_MS);
        await relaySession(session, connection, { stdin: options.stdin && options.stream });
      },
    },
    {
      method: "GET",
      path: "/containers/:name/attach/ws",
      hijacks: true,
      handle: (exchange) => attachWebSocket(backend, exchange),
    },
  ];
}

/** The session; undefined where the client was told why there is none: as bare text here, which old clients print. */
async function attachOrTell(
  backend: ContainersBackend,
  exchange: Exchange,
  options: AttachOptions,
): Promise<AttachSession | undefined> {
  try {
    return await backend.attach(exchange.param("name"), options);
  } catch (error) {
    if (httpStatusOf(error) >= 500) throw error;
    exchange.text(httpStatusOf(error), `${messageOf(error)}\r\n`, { "Content-Type": RAW_STREAM });
    return undefined;
  }
}

async function attachWebSocket(backend: ContainersBackend, exchange: Exchange): Promise<void> {
  const handshake = await acceptFor(backend, exchange);
  // Before 1.42 every stream was attached whatever the client asked for.
  const selective = exchange.version.atLeast("1.42");
  const options = attachOptions(exchange, (name) => !selective || exchange.query.bool(name));
  const session: AttachSession = await backend.attach(exchange.param("name"), options);
  const connection = exchange.takeConnection();
  if (!connection) {
    session.close();
    throw invalidArgument("not websocket protocol");
  }
  await connection.write(handshake);
  const kind = exchange.version.atLeast("1.28") ? "binary" : "text";
  await relaySession(session, new WebSocketDuplex(connection, kind), {
    stdin: options.stdin && options.stream,
    encode: (chunk) => chunk.bytes,
  });
}

/** Errors: those of a container that is not there before those of the handshake, as docker tells them. */
async function acceptFor(backend: ContainersBackend, exchange: Exchange): Promise<string> {
  try {
    return acceptHandshake(exchange.request);
  } catch (error) {
    await backend.inspect(exchange.param("name"), { size: false });
    throw error;
  }
}

function attachOptions(exchange: Exchange, wants: (stream: string) => boolean): AttachOptions {
  const { query, signal } = exchange;
  return {
    stdin: wants("stdin"),
    stdout: wants("stdout"),
    stderr: wants("stderr"),
    stream: query.bool("stream"),
    logs: query.bool("logs"),
    detachKeys: query.text("detachKeys"),
    signal,
  };
}

import { invalidArgument, messageOf } from "../../../base/errors.ts";
import type { AttachSession } from "../../../core/containers/streams.ts";
import type { TerminalSize } from "../../../core/tasks/task-runtime.ts";
import type { ExecCreateRequest, ExecStartRequest } from "../../../spec/engine-api/mod.ts";
import { bool, list, readBody, string, struct, tuple, uint } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { encodeOutput, relaySession, streamContentType } from "../relay-session.ts";
import type { ExecBackend, ExecStartOptions } from "./backend.ts";

const createRequest = struct("ExecCreateRequest", {
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ConsoleSize: tuple(uint, 2),
  DetachKeys: string,
  Tty: bool,
  Env: list(string),
  Cmd: list(string),
  Privileged: bool,
  User: string,
  WorkingDir: string,
});

const startRequest = struct("ExecStartRequest", { Detach: bool, Tty: bool, ConsoleSize: tuple(uint, 2) });

/** Processes in running containers. */
export function execRoutes(backend: ExecBackend): Endpoint[] {
  return [
    {
      method: "POST",
      path: "/containers/:name/exec",
      handle: async (exchange) => {
        const request = readBody<ExecCreateRequest>(createRequest, await exchange.readJson());
        if (!request.Cmd?.length) throw invalidArgument("No exec command specified");
        if (exchange.version.below("1.42")) delete request.ConsoleSize;
        const { id } = await backend.create(exchange.param("name"), request);
        exchange.json(201, { Id: id });
      },
    },
    {
      method: "POST",
      path: "/exec/:id/start",
      hijacks: true,
      handle: (exchange) => startExec(backend, exchange),
    },
    {
      method: "POST",
      path: "/exec/:id/resize",
      handle: async (exchange) => {
        const rows = exchange.query.uint32("h", "invalid resize height");
        const columns = exchange.query.uint32("w", "invalid resize width");
        await backend.resize(exchange.param("id"), { rows, columns });
        exchange.empty(200);
      },
    },
    {
      method: "GET",
      path: "/exec/:id/json",
      handle: async (exchange) => exchange.json(200, await backend.inspect(exchange.param("id"))),
    },
  ];
}

async function startExec(backend: ExecBackend, exchange: Exchange): Promise<void> {
  const id = exchange.param("id");
  const request = readBody<ExecStartRequest>(startRequest, await exchange.readJson());
  // An exec that is not there is an error of the request; a program that is not there is output.
  await backend.checkStart(id);
  const options = startOptions(exchange, request);
  if (request.Detach) {
    await backend.startDetached(id, options);
    exchange.empty(200);
    return;
  }
  const { signal } = exchange;
  const { tty } = options;
  // Before the process runs: some clients lose what arrives together with the head.
  const connection = exchange.hijack(streamContentType(exchange, tty));
  let session: AttachSession;
  try {
    session = await backend.startAttached(id, { ...options, signal });
  } catch (error) {
    // Docker tells it on the stream; the exit code is asked for afterwards.
    await connection.write(
      encodeOutput({ stream: "stdout", bytes: Buffer.from(`${messageOf(error)}\r\n`) }, tty),
    );
    connection.end();
    return;
  }
  await relaySession(session, connection, { stdin: true, tty });
}

function startOptions(exchange: Exchange, request: ExecStartRequest): ExecStartOptions {
  const tty = request.Tty ?? false;
  const given = tty && exchange.version.atLeast("1.42") ? request.ConsoleSize : undefined;
  const consoleSize: TerminalSize | undefined = given ? { rows: given[0], columns: given[1] } : undefined;
  return { tty, consoleSize };
}

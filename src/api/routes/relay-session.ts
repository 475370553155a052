import { messageOf } from "../../base/errors.ts";
import type { AttachSession } from "../../core/containers/streams.ts";
import type { OutputChunk } from "../../core/tasks/task-runtime.ts";
import {
  encodeFrame,
  STDERR_STREAM,
  STDOUT_STREAM,
  SYSTEMERR_STREAM,
} from "../../spec/engine-api/stdcopy.ts";
import type { Duplex } from "../server/connection.ts";
import { type Exchange, MULTIPLEXED_STREAM, RAW_STREAM } from "../server/exchange.ts";

/** Bytes that carry a piece of output: as it is from a terminal, framed otherwise. */
export function encodeOutput(chunk: OutputChunk, tty: boolean): Uint8Array {
  if (tty) return chunk.bytes;
  return encodeFrame(chunk.stream === "stderr" ? STDERR_STREAM : STDOUT_STREAM, chunk.bytes);
}

/** An error of the engine inside a stream of output. */
export function encodeStreamError(message: string, tty: boolean): Uint8Array {
  const bytes = Buffer.from(message);
  return tty ? bytes : encodeFrame(SYSTEMERR_STREAM, bytes);
}

/** The content type of a session's stream. */
export function streamContentType(exchange: Exchange, tty: boolean): string {
  return !tty && exchange.version.atLeast("1.42") ? MULTIPLEXED_STREAM : RAW_STREAM;
}

/**
 * Carries a session over a connection until both of its ends are done: output as `encode` writes it, input as it
 * comes where `stdin` is wanted. Resolves when the session is closed.
 */
export async function relaySession(
  session: AttachSession,
  connection: Duplex,
  options: {
    readonly stdin: boolean;
    /** Whether the client reads the stream of a terminal; what the session has, by default. */
    readonly tty?: boolean;
    readonly encode?: (chunk: OutputChunk) => Uint8Array;
  },
): Promise<void> {
  const { tty = session.tty } = options;
  const encode = options.encode ?? ((chunk: OutputChunk) => encodeOutput(chunk, tty));
  const onGone = () => session.close();
  connection.gone.addEventListener("abort", onGone, { once: true });
  if (connection.gone.aborted) session.close();
  const input = forwardInput(session, connection, options.stdin);
  try {
    for await (const chunk of session.output) await connection.write(encode(chunk));
  } catch (error) {
    await connection.write(encodeStreamError(`${messageOf(error)}\r\n`, tty));
  } finally {
    connection.gone.removeEventListener("abort", onGone);
    session.close();
    connection.end();
  }
  await input;
}

async function forwardInput(session: AttachSession, connection: Duplex, wanted: boolean): Promise<void> {
  let writable = wanted;
  // Input that nobody wants is read all the same: otherwise the client's end would go unnoticed.
  for (let chunk = await connection.read(); chunk; chunk = await connection.read()) {
    if (!writable) continue;
    try {
      await session.write(chunk);
    } catch {
      // The process closed its stdin or ended: its output still matters, so only the input stops.
      writable = false;
    }
  }
  if (!wanted) return;
  try {
    await session.closeStdin();
  } catch {
    // Closed already, with the process or by another client.
  }
}

import { canceled } from "../base/errors.ts";
import { connectionLost } from "./errors.ts";

/** An answer whose head has come. */
export interface QuickAnswer {
  readonly status: number;
  readonly statusText: string;
  /** The value of a header, empty where it is missing. */
  header(name: string): string;
  /** The body, read to its end. Errors: unavailable (the connection ended before), canceled. */
  text(): Promise<string>;
  /** The body as it comes, at the reader's pace. Errors as of `text`. */
  bytes(): AsyncIterable<Uint8Array>;
}

export interface QuickRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text of the body. */
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What Bun's `fetch` takes beside the standard's options. */
interface SocketFetch extends RequestInit {
  readonly unix: string;
  /** Off: an engine may think about an answer for as long as it likes. */
  readonly timeout: false;
}

/** Errors of connecting: nothing was asked yet. */
const NOT_CONNECTED = new Set(["ENOENT", "ECONNREFUSED", "EACCES", "EPERM"]);

/**
 * Asks over a unix socket with the runtime's own `fetch`, which on Bun is there at start-up, where loading `node:http`
 * takes 14 ms: most of the time that a short command has. Undefined where the runtime has no such `fetch`, and where
 * it failed before anything could have happened: the ordinary way then tells what is wrong.
 * Errors: unavailable (the connection ended before an answer), canceled.
 */
export async function quickRequest(
  socketPath: string,
  request: QuickRequest,
): Promise<QuickAnswer | undefined> {
  if (process.versions["bun"] === undefined) return undefined;
  const { method, headers, body, signal } = request;
  const options: SocketFetch = {
    method,
    headers,
    unix: socketPath,
    timeout: false,
    ...(body === undefined ? {} : { body }),
    ...(signal ? { signal } : {}),
  };
  try {
    return answerOf(await fetch(`http://docker${request.path}`, options), signal);
  } catch (error) {
    const harmless = method === "GET" || method === "HEAD";
    if (!signal?.aborted && (harmless || NOT_CONNECTED.has((error as NodeJS.ErrnoException).code ?? "")))
      return undefined;
    throw interrupted(error, signal);
  }
}

function answerOf(response: Response, signal: AbortSignal | undefined): QuickAnswer {
  return {
    status: response.status,
    statusText: response.statusText,
    header: (name) => response.headers.get(name) ?? "",
    async text() {
      try {
        return await response.text();
      } catch (error) {
        throw interrupted(error, signal);
      }
    },
    async *bytes() {
      try {
        // A body of no bytes at all is null.
        if (response.body) yield* response.body;
      } catch (error) {
        throw interrupted(error, signal);
      }
    },
  };
}

function interrupted(error: unknown, signal: AbortSignal | undefined): Error {
  return signal?.aborted ? canceled("context canceled", { cause: error }) : connectionLost(error);
}

import { canceled } from "../base/errors.ts";

/** An answer that was read to its end. */
export interface QuickAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
  /** The value of a header, empty where it is missing. */
  header(name: string): string;
}

export interface QuickRequest {
  readonly method: "GET" | "HEAD";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** What Bun's `fetch` takes beside the standard's options. */
interface SocketFetch extends RequestInit {
  readonly unix: string;
  /** Off: an engine may think about an answer for as long as it likes. */
  readonly timeout: false;
}

/**
 * Asks over a unix socket with the runtime's own `fetch`, which on Bun is there at start-up, where loading `node:http`
 * takes 14 ms: most of the time that a short command has. Undefined where the runtime has no such `fetch`, and where
 * it failed: a question can be asked again by the ordinary way, which then tells what is wrong.
 * Errors: canceled.
 */
export async function quickRequest(
  socketPath: string,
  request: QuickRequest,
): Promise<QuickAnswer | undefined> {
  if (process.versions["bun"] === undefined) return undefined;
  const options: SocketFetch = {
    method: request.method,
    headers: request.headers,
    unix: socketPath,
    timeout: false,
    ...(request.signal ? { signal: request.signal } : {}),
  };
  try {
    const response = await fetch(`http://docker${request.path}`, options);
    return {
      status: response.status,
      statusText: response.statusText,
      text: await response.text(),
      header: (name) => response.headers.get(name) ?? "",
    };
  } catch (error) {
    if (request.signal?.aborted) throw canceled("context canceled", { cause: error });
    return undefined;
  }
}

import type { IncomingMessage } from "node:http";
import { type EngineError, invalidArgument } from "../../base/errors.ts";
import { findSyntaxError } from "../../spec/go-json/mod.ts";
import type { RawConnection } from "./connection.ts";

/** Longest JSON body that is read into memory. */
const LONGEST_JSON_BYTES = 16 * 1024 * 1024;

/** Whether a request comes with a body, by its head. */
export function hasBody(request: IncomingMessage): boolean {
  if (request.headers["transfer-encoding"] !== undefined) return true;
  return Number(request.headers["content-length"] ?? 0) > 0;
}

/**
 * Makes sure that a body is announced as JSON.
 * Errors: invalidArgument with docker's texts.
 */
export function requireJson(request: IncomingMessage): void {
  const contentType = request.headers["content-type"] ?? "";
  if (contentType === "" && !hasBody(request)) return;
  const mediaType = /^\s*([^\s;,/]+\/[^\s;,/]+)\s*(?:;.*)?$/.exec(contentType)?.[1]?.toLowerCase();
  if (mediaType === undefined) {
    const reason = contentType === "" ? "mime: no media type" : "mime: expected slash after first token";
    throw invalidArgument(`malformed Content-Type header (${contentType}): ${reason}`);
  }
  if (mediaType !== "application/json") {
    throw invalidArgument(`unsupported Content-Type header (${contentType}): must be 'application/json'`);
  }
}

/**
 * The one JSON value that `bytes` hold. Errors: invalidArgument with docker's texts for no value, a broken one, one
 * that is cut short or followed by something.
 */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw whyNotJson(text, cause);
  }
}

function whyNotJson(text: string, cause: unknown): EngineError {
  if (text.trim() === "")
    return invalidArgument("invalid JSON: got EOF while reading request body", { cause });
  const found = findSyntaxError(text);
  if ("problem" in found) return invalidArgument(`invalid JSON: ${found.problem}`, { cause });
  return invalidArgument("unexpected content after JSON", { cause });
}

/** Bun's HTTP parser does not hold back a connection that was handed to it while the body waits to be read; Node's does. */
const PARSER_HOLDS_BACK = process.versions["bun"] === undefined;

/**
 * A body as it arrives, no faster than it is taken. Stopping early leaves the rest to be drained when the answer is
 * out, so that the client can read it.
 */
export async function* streamBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (PARSER_HOLDS_BACK) yield chunk;
    else {
      request.socket.pause();
      try {
        yield chunk;
      } finally {
        request.socket.resume();
      }
    }
  }
}

/** A whole body. Errors: invalidArgument where it is too long for memory. */
export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > LONGEST_JSON_BYTES) throw invalidArgument("http: request body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The body of a request that took its connection over. Where the HTTP parser has read it, it is in `request`; where
 * the parser let go behind the head, it is the first of what the connection brings.
 */
export async function readHijackedBody(request: IncomingMessage, connection: RawConnection): Promise<Buffer> {
  const parsed = await readWhole(request);
  if (parsed.length > 0 || !hasBody(request)) return parsed;
  if (request.headers["transfer-encoding"] !== undefined) return await readChunked(connection);
  const length = Number(request.headers["content-length"]);
  if (length > LONGEST_JSON_BYTES) throw invalidArgument("http: request body too large");
  return await connection.readExactly(length);
}

/** Source: RFC 9112, section 7.1. */
async function readChunked(connection: RawConnection): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const size = Number.parseInt(await readLine(connection), 16);
    if (Number.isNaN(size)) throw invalidArgument("malformed chunked encoding");
    length += size;
    if (length > LONGEST_JSON_BYTES) throw invalidArgument("http: request body too large");
    if (size === 0) break;
    chunks.push(await connection.readExactly(size));
    await readLine(connection);
  }
  // Trailer fields up to the empty line mean nothing here.
  while ((await readLine(connection)) !== "");
  return Buffer.concat(chunks);
}

const LONGEST_LINE_BYTES = 4096;

async function readLine(connection: RawConnection): Promise<string> {
  let line = "";
  while (!line.endsWith("\n") && line.length < LONGEST_LINE_BYTES) {
    const byte = await connection.readExactly(1);
    if (byte.length === 0) break;
    line += byte.toString("latin1");
  }
  return line.trimEnd();
}

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { messageOf } from "../../base/errors.ts";
import type { AuthorizationResponse, ResponseGate } from "./authorization.ts";
import { type Duplex, drained, type RawConnection } from "./connection.ts";
import { httpStatusOf } from "./http-status.ts";
import type { Query } from "./query.ts";
import { hasBody, parseJson, readHijackedBody, readWhole, requireJson, streamBody } from "./request-body.ts";
import type { ApiVersion } from "./versions.ts";

export type Headers = Readonly<Record<string, string>>;

/** A connection that came with a request for an upgrade. */
export interface Takeover {
  readonly connection: RawConnection;
  /** The client did not send an `Upgrade` header and expects `200 OK` before the raw bytes. */
  readonly legacy: boolean;
}

export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly takeover: Takeover | undefined;
  readonly version: ApiVersion;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  /** Headers of every answer. */
  readonly commonHeaders: Headers;
}

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly version: ApiVersion;
  readonly query: Query;
  readonly #response: ServerResponse;
  readonly #takeover: Takeover | undefined;
  readonly #params: Readonly<Record<string, string>>;
  readonly #commonHeaders: Headers;
  #answered = false;
  #readAhead: Buffer | undefined;
  #gate: ResponseGate | undefined;
  #signal: AbortSignal | undefined;

  constructor(parts: ExchangeParts) {
    this.request = parts.request;
    this.version = parts.version;
    this.query = parts.query;
    this.#response = parts.response;
    this.#takeover = parts.takeover;
    this.#params = parts.params;
    this.#commonHeaders = parts.commonHeaders;
  }

  /** Aborted when the client goes before it has its answer. */
  get signal(): AbortSignal {
    // Made when it is first asked for: most requests end before anybody would.
    this.#signal ??= this.#takeover?.connection.gone ?? closeSignal(this.#response);
    return this.#signal;
  }

  /** The name in the path. */
  param(name: string): string {
    return this.#params[name] ?? "";
  }

  /** A request header; empty where it is missing. */
  header(name: string): string {
    const value = this.request.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? "";
  }

  /** Whether an answer has begun, so that an error can no longer become one. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The body as it arrives, no faster than it is taken. */
  body(): AsyncIterable<Uint8Array> {
    return this.#readAhead ? wholeBody(this.#readAhead) : streamBody(this.request);
  }

  /**
   * The whole body, which whoever handles the request gets all the same; undefined where it is longer than that.
   * Errors: invalidArgument.
   */
  async readAhead(longestBytes: number): Promise<Uint8Array | undefined> {
    if (!hasBody(this.request)) return new Uint8Array();
    if (Number(this.request.headers["content-length"] ?? 0) > longestBytes) return undefined;
    this.#readAhead = await this.#readBody();
    return this.#readAhead.byteLength > longestBytes ? undefined : this.#readAhead;
  }

  /** From now on every answer but an error and a connection that is taken over waits until `gate` lets it pass. */
  gate(gate: ResponseGate): void {
    this.#gate = gate;
  }

  /** The JSON body, `undefined` where there is none. Errors: invalidArgument. */
  async readJson(): Promise<unknown> {
    requireJson(this.request);
    if (!hasBody(this.request)) return undefined;
    return parseJson(this.#readAhead ?? (await this.#readBody()));
  }

  async #readBody(): Promise<Buffer> {
    return this.#takeover
      ? await readHijackedBody(this.request, this.#takeover.connection)
      : await readWhole(streamBody(this.request));
  }

  /** Answers with JSON and, as docker does, a newline behind it. */
  json(status: number, value: unknown, headers: Headers = {}): void {
    this.#send(status, { "Content-Type": "application/json", ...headers }, `${JSON.stringify(value)}\n`);
  }

  text(status: number, text: string, headers: Headers = {}): void {
    this.#send(status, { "Content-Type": "text/plain; charset=utf-8", ...headers }, text);
  }

  empty(status: number, headers: Headers = {}): void {
    this.#send(status, headers, "");
  }

  /** Answers with what went wrong. */
  error(error: unknown): void {
    this.#gate = undefined;
    const status = httpStatusOf(error);
    if (status === 304) this.empty(status);
    else this.json(status, { message: messageOf(error) });
  }

  /** Sends the head of an answer whose body follows piece by piece. */
  begin(status: number, headers: Headers): Duplex {
    const gate = this.#gate;
    if (!gate || this.#takeover) return this.#beginNow(status, headers);
    const denied = new AbortController();
    const passed = this.#pass(gate, { status, headers, body: undefined }).then((mayPass) => {
      if (mayPass) return this.#beginNow(status, headers);
      denied.abort();
      return undefined;
    });
    return new GatedDuplex(passed, AbortSignal.any([this.signal, denied.signal]));
  }

  /** Whether the gate lets an answer out. Where it does not, the client has been told why. */
  async #pass(gate: ResponseGate, response: AuthorizationResponse): Promise<boolean> {
    this.#gate = undefined;
    const { status, headers, body } = response;
    try {
      await gate.checkResponse({ status, headers: { ...this.#commonHeaders, ...headers }, body });
    } catch (error) {
      if (!this.#answered) this.error(error);
    }
    // Whoever handles the request may have failed meanwhile, and that was its answer.
    return !this.#answered;
  }

  #beginNow(status: number, headers: Headers): Duplex {
    this.#answered = true;
    if (this.#takeover) {
      void this.#takeover.connection.write(
        rawHead(status, { ...this.#commonHeaders, ...headers, Connection: "close" }),
      );
      return this.#takeover.connection;
    }
    this.#response.writeHead(status, { ...this.#commonHeaders, ...headers });
    this.#response.flushHeaders();
    return new ResponseDuplex(this.request, this.#response, this.signal);
  }

  /**
   * Answers with bytes as they come. A source that fails when bytes are out already ends the connection without the
   * end of the body, so that the client knows; the error is thrown on.
   */
  async stream(headers: Headers, source: AsyncIterable<Uint8Array | string>): Promise<void> {
    const out = this.begin(200, headers);
    try {
      for await (const chunk of source) {
        await out.write(chunk);
        if (out.gone.aborted) break;
      }
    } catch (error) {
      this.abort();
      throw error;
    }
    out.end();
  }

  /**
   * Takes the connection over: from here on it carries raw bytes. Clients that did not ask for an upgrade get
   * `200 OK` and the same bytes.
   */
  hijack(contentType: string): Duplex {
    if (!this.#takeover) return this.begin(200, { "Content-Type": RAW_STREAM, Connection: "close" });
    this.#answered = true;
    const { connection, legacy } = this.#takeover;
    void connection.write(
      legacy
        ? `HTTP/1.1 200 OK\r\nContent-Type: ${RAW_STREAM}\r\n\r\n`
        : `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    return connection;
  }

  /** Takes the connection over with an answer of the caller's own; undefined where the client asked for no upgrade. */
  takeConnection(): RawConnection | undefined {
    if (!this.#takeover) return undefined;
    this.#answered = true;
    return this.#takeover.connection;
  }

  /** Breaks the connection: an answer that has begun cannot be completed. */
  abort(): void {
    if (this.#takeover) this.#takeover.connection.destroy();
    else this.#response.destroy();
  }

  #send(status: number, headers: Headers, body: string): void {
    const gate = this.#gate;
    if (gate) {
      void this.#pass(gate, { status, headers, body: Buffer.from(body) }).then((mayPass) => {
        if (mayPass) this.#sendNow(status, headers, body);
      });
    } else this.#sendNow(status, headers, body);
  }

  #sendNow(status: number, headers: Headers, body: string): void {
    this.#answered = true;
    const bytes = Buffer.from(body);
    const all: Record<string, string> = { ...this.#commonHeaders, ...headers };
    if (status !== 204 && status !== 304 && all["Content-Length"] === undefined) {
      all["Content-Length"] = String(bytes.length);
    }
    if (this.#takeover) {
      void this.#takeover.connection.write(rawHead(status, { ...all, Connection: "close" }));
      void this.#takeover.connection.write(bytes);
      this.#takeover.connection.end();
      return;
    }
    this.#response.writeHead(status, all);
    this.#response.end(this.request.method === "HEAD" ? undefined : bytes);
  }
}

export const RAW_STREAM = "application/vnd.docker.raw-stream";
export const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";

function rawHead(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n`;
}

function closeSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed && !response.writableFinished) controller.abort();
  response.on("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

async function* wholeBody(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}

/** The two directions of an answer that is not let out yet. One that never is takes bytes and drops them. */
class GatedDuplex implements Duplex {
  readonly gone: AbortSignal;
  readonly #passed: Promise<Duplex | undefined>;

  constructor(passed: Promise<Duplex | undefined>, gone: AbortSignal) {
    this.gone = gone;
    this.#passed = passed;
  }

  async read(): Promise<Uint8Array | undefined> {
    return await (await this.#passed)?.read();
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    await (await this.#passed)?.write(bytes);
  }

  end(): void {
    void this.#passed.then((duplex) => duplex?.end());
  }
}

/** A request's body and its answer's as the two directions of one connection. */
class ResponseDuplex implements Duplex {
  readonly gone: AbortSignal;
  readonly #response: ServerResponse;
  readonly #request: IncomingMessage;
  #input: AsyncIterator<Uint8Array> | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, gone: AbortSignal) {
    this.#request = request;
    this.#response = response;
    this.gone = gone;
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#input ??= streamBody(this.#request);
    const next = await this.#input.next();
    return next.done ? undefined : next.value;
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (!this.#response.write(bytes)) await drained(this.#response);
  }

  end(): void {
    this.#response.end();
  }
}

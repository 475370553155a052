import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { canceled } from "../base/errors.ts";
import { NEWEST_API_VERSION } from "../spec/engine-api/api-versions.ts";
import type { Reviver } from "../spec/engine-api/json-stream.ts";
import { negotiate } from "./api-version.ts";
import { type AttachedStream, mediaTypeIsMultiplexed } from "./attached-stream.ts";
import type { Endpoint } from "./endpoint.ts";
import { ConnectionError, connectionLost, ResponseError, responseError } from "./errors.ts";
import { encodeQuery, type Query } from "./query.ts";
import { type QuickAnswer, quickRequest } from "./quick-request.ts";
import { tlsOptions } from "./tls-options.ts";

export interface ApiClientOptions {
  readonly endpoint: Endpoint;
  /** Speak this version and no other; without it the version is negotiated with the first request. */
  readonly apiVersion?: string;
  readonly userAgent?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The proxy that requests to an endpoint without TLS go through; connections that are taken over go past it. */
  readonly proxy?: URL;
  /** Told of every request, without its query and body, which may hold secrets: `GET /v1.55/info`. */
  readonly onRequest?: (request: string) => void;
}

export interface ApiRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Without the version: `/containers/json`. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, chunked where it is a stream. */
  readonly body?: Readable | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** False for the few paths that have no version in front. */
  readonly versioned?: boolean;
}

/** What an engine says of itself in the headers of every answer to `/_ping`. */
export interface Ping {
  readonly apiVersion: string;
  readonly osType: string;
  readonly experimental: boolean;
  readonly builderVersion: string;
  readonly swarm: string;
}

/**
 * A connection to one engine. The verbs are functions in the folders beside this file: `createContainer(client, …)`.
 * Errors of every verb: ResponseError where the engine says no, ConnectionError where none answers, canceled where
 * the signal was aborted. Sockets are kept for the next request until `close`.
 */
export class ApiClient implements Disposable {
  readonly endpoint: Endpoint;
  readonly #options: ApiClientOptions;
  #agent: Agent | undefined;
  #ping: Promise<Ping> | undefined;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
  }

  /** The version that requests go out with. */
  async apiVersion(): Promise<string> {
    if (this.#options.apiVersion !== undefined) return this.#options.apiVersion;
    const { apiVersion } = await this.ping();
    return negotiate(apiVersion);
  }

  /** What the engine says of itself; asked once. */
  ping(): Promise<Ping> {
    this.#ping ??= this.#sendPing();
    return this.#ping;
  }

  /** Asks again next time: the engine behind the endpoint has changed. */
  forgetPing(): void {
    this.#ping = undefined;
  }

  /** The JSON body of the answer, its values as `revive` makes them. */
  async json<T>(request: ApiRequest, revive?: Reviver): Promise<T> {
    const quick = await this.#quick(request);
    const text = quick ? await quick.text() : await readText(await this.stream(request));
    // The library's types do not know of the reviver's third argument yet. Source: ECMAScript, JSON.parse.
    return JSON.parse(text, revive as never) as T;
  }

  /** Sends a request whose answer has nothing to say. */
  async send(request: ApiRequest): Promise<void> {
    const quick = await this.#quick(request);
    await (quick ? quick.text() : readText(await this.stream(request)));
  }

  /** The body of the answer as it comes. Whoever gets it must read it to its end or abort the request. */
  async bytes(request: ApiRequest): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#quick(request))?.bytes() ?? (await this.stream(request));
  }

  /** The answer with its body unread. Whoever gets it must read it to its end or destroy it. */
  async stream(request: ApiRequest): Promise<IncomingMessage> {
    const { response } = await this.#exchange(request, false);
    return response!;
  }

  /**
   * Attaches to streams. Only typing takes the connection over from HTTP: output alone is the body of an answer.
   * Source: Docker Engine API, "Hijacking" of container attach.
   */
  async attach(request: ApiRequest, typing: boolean): Promise<AttachedStream> {
    return typing ? await this.#hijack(request) : await this.#watch(request);
  }

  async #hijack(request: ApiRequest): Promise<AttachedStream> {
    const { upgraded } = await this.#exchange(request, true);
    const { socket, mediaType } = upgraded!;
    return {
      output: socket,
      input: socket,
      multiplexed: mediaTypeIsMultiplexed(mediaType),
      close: () => void socket.destroy(),
    };
  }

  async #watch(request: ApiRequest): Promise<AttachedStream> {
    const leaving = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, leaving.signal]) : leaving.signal;
    const close = () => leaving.abort();
    const quick = await this.#quick({ ...request, signal });
    if (quick) {
      const multiplexed = mediaTypeIsMultiplexed(quick.header("content-type"));
      return { output: quick.bytes(), multiplexed, close };
    }
    const response = await this.stream({ ...request, signal });
    return {
      output: response,
      multiplexed: mediaTypeIsMultiplexed(response.headers["content-type"]),
      close,
    };
  }

  /** Ends kept connections. */
  close(): void {
    this.#agent?.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #sendPing(): Promise<Ping> {
    const request = { method: "HEAD", path: "/_ping", versioned: false } as const;
    // Headers tell of the engine even where the answer is no; what that was, the next request tells.
    const header = (await this.#ask(request))?.header ?? (await this.#headersOf(request));
    return {
      apiVersion: header("api-version"),
      osType: header("ostype"),
      experimental: header("docker-experimental") === "true",
      builderVersion: header("builder-version"),
      swarm: header("swarm"),
    };
  }

  /** The headers of an answer whose body does not matter. */
  async #headersOf(request: ApiRequest): Promise<(name: string) => string> {
    try {
      const response = await this.stream(request);
      response.resume();
      return (name) => String(response.headers[name] ?? "");
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      return (name) => (name === "api-version" ? NEWEST_API_VERSION : "");
    }
  }

  /** The answer to a request that has little to send, got the quick way where there is one. */
  async #quick(request: ApiRequest): Promise<QuickAnswer | undefined> {
    const answer = await this.#ask(request);
    if (answer && answer.status >= 400)
      throw responseError(answer.status, answer.statusText, await answer.text());
    return answer;
  }

  /** As `#quick`, whatever the answer's status. */
  async #ask(request: ApiRequest): Promise<QuickAnswer | undefined> {
    const { method, signal, json, body } = request;
    if (this.endpoint.kind !== "unix" || body !== undefined) return undefined;
    if (signal?.aborted) throw canceled("context canceled");
    const path = await this.#path(request);
    this.#announce(request, path);
    return await quickRequest(this.endpoint.path, {
      method,
      path,
      headers: this.#headers(request),
      body: json === undefined ? undefined : JSON.stringify(json),
      signal,
    });
  }

  #headers(request: ApiRequest): Record<string, string> {
    return {
      Host: "docker",
      "User-Agent": this.#options.userAgent ?? "Gantry-Client",
      ...(request.json === undefined ? {} : { "Content-Type": "application/json" }),
      ...this.#options.headers,
      ...request.headers,
    };
  }

  #announce({ method }: ApiRequest, path: string): void {
    this.#options.onRequest?.(`${method} ${path.split("?", 1)[0]}`);
  }

  async #path(request: ApiRequest): Promise<string> {
    const base = this.endpoint.kind === "tcp" ? this.endpoint.basePath : "";
    const version = request.versioned === false ? "" : `/v${await this.apiVersion()}`;
    return base + version + request.path + encodeQuery(request.query);
  }

  async #exchange(request: ApiRequest, hijack: boolean): Promise<Exchange> {
    if (request.signal?.aborted) throw canceled("context canceled");
    // Loaded at the first request, since loading takes longer than many a command.
    const http = await import("node:http");
    this.#agent ??= isTls(this.endpoint) ? undefined : new http.Agent({ keepAlive: true });
    const options = await this.#requestOptions(request, hijack);
    const connect = isTls(this.endpoint) ? (await import("node:https")).request : http.request;
    return await new Promise<Exchange>((resolve, reject) => {
      const outgoing = connect(options);
      let answered = false;
      abortWith(request.signal, outgoing);
      outgoing.on("error", (error: NodeJS.ErrnoException) => reject(this.#failure(error, request, answered)));
      outgoing.on("upgrade", (response, socket, head) => {
        answered = true;
        if (head.length > 0) socket.unshift(head);
        abortWith(request.signal, socket);
        resolve({
          upgraded: { socket, mediaType: response.headers["content-type"] },
        });
      });
      outgoing.on("response", (response) => {
        answered = true;
        abortWith(request.signal, response);
        settleResponse(response, request, hijack).then((ok) => resolve({ response: ok }), reject);
      });
      writeBody(outgoing, request, reject);
    });
  }

  #failure(error: NodeJS.ErrnoException, request: ApiRequest, answered: boolean): unknown {
    if (request.signal?.aborted) return canceled("context canceled", { cause: error });
    if (answered || error.code === "ECONNRESET" || error.code === "EPIPE") return connectionLost(error);
    return new ConnectionError(this.endpoint.host, error);
  }

  async #requestOptions(request: ApiRequest, hijack: boolean): Promise<RequestOptions> {
    const headers = this.#headers(request);
    if (hijack) Object.assign(headers, { Connection: "Upgrade", Upgrade: "tcp" });
    const path = await this.#path(request);
    this.#announce(request, path);
    const common = {
      method: request.method,
      path,
      headers,
    };
    const endpoint = this.endpoint;
    // An upgraded socket leaves HTTP for good: it must not come from, nor return to, the pool.
    const agent = hijack || !this.#agent ? false : this.#agent;
    if (endpoint.kind === "unix") return { ...common, agent, socketPath: endpoint.path };
    headers["Host"] = `${endpoint.hostname}:${endpoint.port}`;
    const { proxy } = this.#options;
    if (proxy && !hijack) return { ...common, agent, ...throughProxy(proxy, headers, path) };
    return { ...common, agent, host: endpoint.hostname, port: endpoint.port, ...tlsOptions(endpoint) };
  }
}

interface Exchange {
  readonly response?: IncomingMessage;
  readonly upgraded?: { readonly socket: Duplex; readonly mediaType: string | undefined };
}

/** What a request to a proxy has otherwise than one to the host itself. Source: RFC 9112, 3.2.2; RFC 9110, 11.7.1. */
function throughProxy(proxy: URL, headers: Record<string, string>, path: string): RequestOptions {
  const { username, password } = proxy;
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = { "Proxy-Authorization": `Basic ${Buffer.from(secret).toString("base64")}` };
  return {
    host: proxy.hostname,
    port: proxy.port || 80,
    path: `http://${headers["Host"]}${path}`,
    headers: { ...headers, ...(username === "" ? {} : authorization) },
  };
}

function isTls(endpoint: Endpoint): boolean {
  return endpoint.kind === "tcp" && endpoint.tls !== undefined;
}

/** Ends a stream, with an error of kind canceled, when the signal is aborted. Runtimes differ in what theirs throws. */
function abortWith(signal: AbortSignal | undefined, stream: Destroyable): void {
  if (!signal) return;
  const abort = () => stream.destroy(canceled("context canceled"));
  signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", abort));
}

interface Destroyable {
  destroy(error: Error): unknown;
  once(event: "close", listener: () => void): unknown;
}

async function settleResponse(
  response: IncomingMessage,
  request: ApiRequest,
  hijack: boolean,
): Promise<IncomingMessage> {
  const status = response.statusCode!;
  if (status < 400 && !hijack) return response;
  const body = request.method === "HEAD" ? "" : await readText(response);
  if (status >= 400) throw responseError(status, response.statusMessage ?? "", body);
  throw responseError(status, "", `unable to upgrade to tcp, received ${status}`);
}

function writeBody(outgoing: ClientRequest, request: ApiRequest, reject: (error: unknown) => void): void {
  if (request.json !== undefined) {
    const text = Buffer.from(JSON.stringify(request.json));
    outgoing.setHeader("Content-Length", text.length);
    outgoing.end(text);
  } else if (request.body !== undefined && "pipe" in request.body) {
    sendStream(request.body, outgoing).catch((error) => {
      outgoing.destroy();
      reject(error);
    });
  } else if (request.body !== undefined) {
    outgoing.setHeader("Content-Length", request.body.length);
    outgoing.end(request.body);
  } else {
    // The engine wants a length on a POST without a body.
    if (request.method === "POST" || request.method === "PUT") outgoing.setHeader("Content-Length", 0);
    outgoing.end();
  }
}

/** Sends a stream at the engine's pace. The engine may answer, and close, before it has read everything. */
async function sendStream(body: Readable, outgoing: ClientRequest): Promise<void> {
  for await (const chunk of body) {
    if (outgoing.destroyed || outgoing.writableEnded) return;
    if (outgoing.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        outgoing.off("drain", go);
        outgoing.off("close", go);
        resolve();
      };
      outgoing.once("drain", go);
      outgoing.once("close", go);
    });
  }
  outgoing.end();
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw connectionLost(error);
  }
  return Buffer.concat(chunks).toString("utf8");
}

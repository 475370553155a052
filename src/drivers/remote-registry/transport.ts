import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { unavailable } from "../../base/errors.ts";
import { hostnameOf } from "../../base/host-name.ts";
import { AgentPool, proxyAuthorization } from "./agents.ts";
import { stalled, toConnectionError } from "./connection-error.ts";
import type { RegistrySettings } from "./settings.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes to send, `contentLength` of them; opened anew at each try. */
  readonly body?: { readonly contentLength: number; readonly open: () => AsyncIterable<Uint8Array> };
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read. The reader must use `bytes`, `readAll` or `discard`, exactly one of them. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  /** The body as it arrives. Errors: unavailable where the connection breaks or brings nothing for too long. */
  bytes(): AsyncIterable<Uint8Array>;
  /** The whole body. Errors: unavailable where it has more than `maxBytes`. */
  readAll(maxBytes: number): Promise<Uint8Array>;
  /** Reads a short rest, so that the connection can be used again, and cuts a long one off. */
  discard(): Promise<void>;
}

const MAX_DISCARDED_BYTES = 64 * 1024;

/** Answers with the same addresses whatever a resolver says. */
function lookupFixed(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}

/** `localhost` is this machine whatever a resolver says of it: the promise that plain HTTP to it rests on. */
const LOOPBACK = ["127.0.0.1", "::1"];

/** Whatever sends single requests. */
export type HttpSender = Pick<HttpTransport, "send">;

/** Sends single HTTP requests over kept connections. Knows nothing of registries, redirects or retries. */
export class HttpTransport {
  readonly #settings: RegistrySettings;
  readonly #agents: AgentPool;
  /** Addresses by name that may be dialled, and no others. */
  readonly #pinned = new Map<string, readonly string[]>([["localhost", LOOPBACK]]);

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
    this.#agents = new AgentPool(settings);
  }

  /** From now on `name` is dialled at these addresses only, and its certificate is not asked for; undefined undoes that. */
  pin(name: string, addresses: readonly string[] | undefined): void {
    if (addresses) this.#pinned.set(name, addresses);
    else this.#pinned.delete(name);
  }

  /** Errors: unavailable with Go's text of what failed; canceled where the signal was aborted. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { method, url, signal } = request;
    const name = hostnameOf(url.host);
    const pinned = this.#pinned.get(name);
    const { agent, proxy } = await this.#agents.routeTo(url, pinned !== undefined);
    if (signal?.aborted) throw toConnectionError(method, url, undefined, signal);
    const headers: Record<string, string> = { "user-agent": this.#settings.userAgent, ...request.headers };
    if (request.body) headers["content-length"] = String(request.body.contentLength);
    else if (method === "POST" || method === "PUT") headers["content-length"] = "0";
    const options = {
      method,
      agent,
      headers,
      ...(signal && { signal }),
      ...(pinned && { lookup: lookupFixed(pinned), autoSelectFamily: true }),
    };
    const outgoing = proxy
      ? httpRequest({
          ...options,
          host: hostnameOf(proxy.host),
          port: proxy.port || 80,
          path: url.href,
          headers: { host: url.host, ...headers, ...proxyAuthorization(proxy) },
        })
      : (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options);
    try {
      const incoming = await this.#exchange(outgoing, request);
      return new IncomingAnswer(incoming, request, this.#settings.stallTimeoutMs);
    } catch (error) {
      outgoing.destroy();
      throw toConnectionError(method, url, firstOf(error), signal);
    }
  }

  close(): Promise<void> {
    return this.#agents.close();
  }

  async #exchange(outgoing: ClientRequest, request: HttpRequest): Promise<IncomingMessage> {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve);
      // `on`, since a request that was answered early can still fail while the rest of its body is sent.
      outgoing.on("error", reject);
    });
    // Sending and answering overlap; whichever fails first is reported, and the other is not left unheard.
    answered.catch(() => undefined);
    const watch = new StallTimer(this.#settings.stallTimeoutMs, () =>
      outgoing.destroy(stalled(request.method, request.url)),
    );
    try {
      watch.restart();
      if (request.body) await sendBody(outgoing, request.body.open(), answered, watch);
      else outgoing.end();
      return await answered;
    } finally {
      watch.stop();
    }
  }
}

/** Several addresses were tried: the first one's failure is what Go reports. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

async function sendBody(
  outgoing: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  answered: Promise<IncomingMessage>,
  watch: StallTimer,
): Promise<void> {
  let early = false;
  const answeredEarly = answered.then(
    () => {
      early = true;
    },
    () => {
      early = true;
    },
  );
  for await (const chunk of body) {
    // A server that answers before it has read all (401, 413) wants no more.
    if (early) return;
    watch.restart();
    if (!outgoing.write(chunk)) {
      const drained = new Promise<void>((resolve) => outgoing.once("drain", resolve));
      await Promise.race([drained, answeredEarly]);
    }
  }
  if (!early) outgoing.end();
}

class StallTimer {
  readonly #timeoutMs: number;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, onStall: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onStall = onStall;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onStall, this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

class IncomingAnswer implements HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly #incoming: IncomingMessage;
  readonly #request: HttpRequest;
  readonly #stallTimeoutMs: number;

  constructor(incoming: IncomingMessage, request: HttpRequest, stallTimeoutMs: number) {
    this.status = incoming.statusCode ?? 0;
    this.headers = incoming.headers;
    this.url = request.url;
    this.#incoming = incoming;
    this.#request = request;
    this.#stallTimeoutMs = stallTimeoutMs;
    // The body's reader sees the error; without a listener one that comes before reading starts would end the process.
    incoming.on("error", () => undefined);
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { method, url, signal } = this.#request;
    const incoming = this.#incoming;
    const watch = new StallTimer(this.#stallTimeoutMs, () => incoming.destroy(stalled(method, url)));
    const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    let ended = false;
    try {
      for (;;) {
        // Only the network is timed: a reader may take as long as its disk needs.
        watch.restart();
        const next = await chunks.next();
        watch.stop();
        if (next.done) break;
        yield next.value;
      }
      ended = true;
    } catch (error) {
      throw toConnectionError(method, url, error, signal);
    } finally {
      watch.stop();
      if (!ended) incoming.destroy();
    }
  }

  async readAll(maxBytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.bytes()) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) {
        throw unavailable(
          `the answer of ${this.url.origin}${this.url.pathname} is larger than ${maxBytes} bytes`,
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async discard(): Promise<void> {
    let sizeBytes = 0;
    try {
      for await (const chunk of this.bytes()) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > MAX_DISCARDED_BYTES) return;
      }
    } catch {
      // Nobody wants these bytes: a broken connection only means that it is not used again.
    }
  }
}

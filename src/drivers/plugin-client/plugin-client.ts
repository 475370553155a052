import { lstatSync, readFileSync } from "node:fs";
import http, { type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { delay } from "../../base/async.ts";
import { internal, messageOf, unavailable } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { PluginAddress, PluginScope, PluginTls } from "./discovery.ts";
import { PluginRefusal, Reply } from "./reply.ts";

/** What engine and plug-in accept from each other. Source: docker's "Docker Plugin API", versioning. */
const MEDIA_TYPE = "application/vnd.docker.plugins.v1.2+json";
/** The host that a plug-in behind a socket is addressed by. */
const SOCKET_HOST = "plugin.moby.localhost";
/** Longest answer that is read: a plug-in is a program of somebody else. */
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;
const LONGEST_REASON = 64 * 1024;
const FIRST_RETRY_MS = 1_000;

export interface PluginClientOptions {
  readonly plugin: PluginAddress;
  /** For how long a plug-in that cannot be reached is tried again; docker's is half a minute. */
  readonly retryForMs: number;
  readonly logger: Logger;
  /** Told each time that it could not be reached. */
  readonly onUnreachable?: () => void;
}

export interface CallOptions {
  /** Gives up on one try after so long. */
  readonly timeoutMs: number;
  /** As in the client's own options, for this call. */
  readonly retryForMs?: number;
  /** Field of the answer that says no; `Err` where left out. */
  readonly errorField?: "Err" | "Error";
  /** Gives up on it at once when it is aborted. */
  readonly signal?: AbortSignal;
  /** What its own words are shown after. */
  readonly refusalPrefix?: string;
}

/**
 * Speaks protocol version 1 to one plug-in. A plug-in that cannot be reached is tried again after 1, 2, 4 … seconds; one
 * that hangs costs its caller the timeout and nobody else anything.
 */
export class PluginClient {
  readonly name: string;
  readonly scope: PluginScope | undefined;
  readonly #options: PluginClientOptions;

  constructor(options: PluginClientOptions) {
    this.#options = options;
    this.name = options.plugin.name;
    this.scope = options.plugin.scope;
  }

  /**
   * The plug-in's answer to `method` (`VolumeDriver.Mount`). Errors: PluginRefusal (internal) where it says no, with its
   * own words; unavailable where it cannot be reached or does not answer in time.
   */
  async call(method: string, body: object | undefined, options: CallOptions): Promise<Reply> {
    const reply = Reply.parse(method, await this.#callWithRetries(method, body, options));
    const refusal = reply.text(options.errorField ?? "Err");
    if (refusal !== "") throw new PluginRefusal(`${options.refusalPrefix ?? ""}${refusal}`);
    return reply;
  }

  /**
   * What the plug-in sends as its answer to `method`, piece by piece and however long; it has `headTimeoutMs`, where given, to begin.
   * Errors: as call; what breaks off later rejects the iteration.
   */
  async stream(
    method: string,
    body: object,
    options: { readonly headTimeoutMs: number | undefined; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Buffer>> {
    const late = new AbortController();
    const { headTimeoutMs } = options;
    const timer = headTimeoutMs === undefined ? undefined : setTimeout(() => late.abort(), headTimeoutMs);
    try {
      const response = await this.#post(method, body, AbortSignal.any([late.signal, options.signal]));
      if (response.statusCode === 200) return response;
      throw refusalOf(method, response.statusCode ?? 0, await readAnswer(response));
    } catch (error) {
      throw error instanceof PluginRefusal ? error : unavailable(messageOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #callWithRetries(method: string, body: object | undefined, options: CallOptions): Promise<string> {
    const { logger, onUnreachable } = this.#options;
    const { retryForMs = this.#options.retryForMs } = options;
    const start = performance.now();
    for (let waitMs = FIRST_RETRY_MS; ; waitMs *= 2) {
      try {
        return await this.#send(method, body, options);
      } catch (error) {
        if (error instanceof PluginRefusal) throw error;
        options.signal?.throwIfAborted();
        onUnreachable?.();
        if (performance.now() - start + waitMs >= retryForMs) {
          throw unavailable(messageOf(error), { cause: error });
        }
        logger.warn({ plugin: this.name, method, reason: messageOf(error), waitMs }, "plug-in not reached");
        await delay(waitMs, options.signal);
      }
    }
  }

  async #send(method: string, body: object | undefined, options: CallOptions): Promise<string> {
    const late = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal ? AbortSignal.any([late, options.signal]) : late;
    const response = await this.#post(method, body, signal);
    const answer = await readAnswer(response).catch((error) => {
      throw this.#failure(method, error, signal);
    });
    if (response.statusCode !== 200) throw refusalOf(method, response.statusCode ?? 0, answer);
    return answer;
  }

  async #post(method: string, body: object | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const text = body === undefined ? "" : `${JSON.stringify(body)}\n`;
    const headers = {
      Accept: MEDIA_TYPE,
      "Content-Type": MEDIA_TYPE,
      "Content-Length": Buffer.byteLength(text),
    };
    try {
      checkSocket(this.#options.plugin);
      const { request, target } = requestTo(this.#options.plugin);
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request({
          ...target,
          method: "POST",
          path: `/${method}`,
          headers,
          agent: false,
          signal,
        });
        sent.on("response", resolve).on("error", reject);
        sent.end(text);
      });
    } catch (error) {
      throw this.#failure(method, error, signal);
    }
  }

  #failure(method: string, error: unknown, signal: AbortSignal): Error {
    const why = signal.aborted ? "context deadline exceeded" : messageOf(error);
    const url = `${baseUrlOf(this.#options.plugin)}/${method}`;
    return internal(`Post ${JSON.stringify(url)}: ${why}`, { cause: error });
  }
}

/** A plug-in that makes its socket in a place of its own must not lead the engine to somebody else's by a link. */
function checkSocket({ address, scope }: PluginAddress): void {
  const path = address.slice("unix://".length);
  if (scope && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw internal(`${path} is a link`);
  }
}

function baseUrlOf({ address, tls }: PluginAddress): string {
  if (address.startsWith("unix://")) return `http://${SOCKET_HOST}`;
  return address.replace(/^tcp:/, tls ? "https:" : "http:");
}

interface Target {
  readonly request: typeof http.request;
  readonly target: RequestOptions & { readonly protocol: string; readonly host: string };
}

function requestTo(plugin: PluginAddress): Target {
  const { address, tls } = plugin;
  if (address.startsWith("unix://")) {
    const socketPath = address.slice("unix://".length);
    return { request: http.request, target: { protocol: "http:", host: SOCKET_HOST, socketPath } };
  }
  const url = new URL(baseUrlOf(plugin));
  const target = { protocol: url.protocol, host: url.hostname, port: url.port };
  if (url.protocol !== "https:") return { request: http.request, target };
  return { request: https.request, target: { ...(tls ? tlsOptions(tls) : {}), ...target } };
}

function tlsOptions(tls: PluginTls): https.RequestOptions {
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(tls.caFile ? { ca: readFileSync(tls.caFile) } : {}),
    ...(tls.certFile ? { cert: readFileSync(tls.certFile) } : {}),
    ...(tls.keyFile ? { key: readFileSync(tls.keyFile) } : {}),
  };
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > LONGEST_ANSWER_BYTES) throw internal("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A status other than 200 comes with a reason in `Err`, or as plain text from old plug-ins. */
function refusalOf(method: string, status: number, answer: string): PluginRefusal {
  let reason = answer.slice(0, LONGEST_REASON);
  try {
    const { Err } = JSON.parse(answer) as { Err?: unknown };
    if (typeof Err === "string" && Err !== "") reason = Err.slice(0, LONGEST_REASON);
  } catch {
    // Plain text.
  }
  return new PluginRefusal(`${method}: ${reason}`, status);
}

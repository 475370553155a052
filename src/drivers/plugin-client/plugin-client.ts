import { readFileSync } from "node:fs";
import http, { type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { delay } from "../../base/async.ts";
import { EngineError, internal, messageOf, unavailable } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { PluginAddress, PluginTls } from "./discovery.ts";

/** What engine and plug-in accept from each other. Source: docker's "Docker Plugin API", versioning. */
const MEDIA_TYPE = "application/vnd.docker.plugins.v1.2+json";
/** The host that a plug-in behind a socket is addressed by. */
const SOCKET_HOST = "plugin.moby.localhost";
/** Longest answer that is read: a plug-in is a program of somebody else. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;
const FIRST_RETRY_MS = 1_000;

export interface PluginClientOptions {
  readonly plugin: PluginAddress;
  /** For how long a plug-in that cannot be reached is tried again; docker's is half a minute. */
  readonly retryForMs: number;
  readonly logger: Logger;
}

export interface CallOptions {
  /** Gives up on one try after so long. */
  readonly timeoutMs?: number;
}

/** The plug-in answered, and its answer says no. */
export class PluginRefusal extends EngineError {}

/**
 * Speaks protocol version 1 to one plug-in. A plug-in that cannot be reached is tried again after 1, 2, 4 … seconds; one
 * that hangs costs its caller the timeout and nobody else anything.
 */
export class PluginClient {
  readonly name: string;
  readonly #options: PluginClientOptions;

  constructor(options: PluginClientOptions) {
    this.#options = options;
    this.name = options.plugin.name;
  }

  /**
   * The plug-in's answer to `method` (`VolumeDriver.Mount`). Errors: PluginRefusal (internal) where it says no, with its
   * own words; unavailable where it cannot be reached or does not answer in time.
   */
  async call<T extends { readonly Err?: string }>(
    method: string,
    body: object | undefined,
    options: CallOptions = {},
  ): Promise<T> {
    const answer = await this.#callWithRetries(method, body, options);
    const parsed = parseAnswer<T>(method, answer);
    if (parsed.Err) throw new PluginRefusal("internal", parsed.Err);
    return parsed;
  }

  async #callWithRetries(method: string, body: object | undefined, options: CallOptions): Promise<string> {
    const { logger, retryForMs } = this.#options;
    const start = performance.now();
    for (let waitMs = FIRST_RETRY_MS; ; waitMs *= 2) {
      try {
        return await this.#send(method, body, options);
      } catch (error) {
        if (error instanceof PluginRefusal) throw error;
        if (performance.now() - start + waitMs >= retryForMs) {
          throw unavailable(messageOf(error), { cause: error });
        }
        logger.warn({ plugin: this.name, method, reason: messageOf(error), waitMs }, "plug-in not reached");
        await delay(waitMs);
      }
    }
  }

  async #send(method: string, body: object | undefined, options: CallOptions): Promise<string> {
    const { request, target } = requestTo(this.#options.plugin);
    const signal = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
    const text = body === undefined ? "" : `${JSON.stringify(body)}\n`;
    const headers = {
      Accept: MEDIA_TYPE,
      "Content-Type": MEDIA_TYPE,
      "Content-Length": Buffer.byteLength(text),
    };
    const url = `${target.protocol}//${target.host}/${method}`;
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request({
          ...target,
          method: "POST",
          path: `/${method}`,
          headers,
          agent: false,
          ...(signal ? { signal } : {}),
        });
        sent.on("response", resolve).on("error", reject);
        sent.end(text);
      });
      const answer = await readAnswer(response);
      if (response.statusCode !== 200) throw refusalOf(method, answer);
      return answer;
    } catch (error) {
      if (error instanceof PluginRefusal) throw error;
      const why = signal?.aborted ? "context deadline exceeded" : messageOf(error);
      throw internal(`Post ${JSON.stringify(url)}: ${why}`, { cause: error });
    }
  }
}

interface Target {
  readonly request: typeof http.request;
  readonly target: RequestOptions & { readonly protocol: string; readonly host: string };
}

function requestTo({ address, tls }: PluginAddress): Target {
  if (address.startsWith("unix://")) {
    const socketPath = address.slice("unix://".length);
    return { request: http.request, target: { protocol: "http:", host: SOCKET_HOST, socketPath } };
  }
  const url = new URL(address.replace(/^tcp:/, tls ? "https:" : "http:"));
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
function refusalOf(method: string, answer: string): PluginRefusal {
  let reason = answer;
  try {
    const { Err } = JSON.parse(answer) as { Err?: unknown };
    if (typeof Err === "string" && Err !== "") reason = Err;
  } catch {
    // Plain text.
  }
  return new PluginRefusal("internal", `${method}: ${reason}`);
}

function parseAnswer<T>(method: string, answer: string): T {
  if (answer.trim() === "") return {} as T;
  try {
    return JSON.parse(answer) as T;
  } catch (error) {
    throw new PluginRefusal("internal", `${method}: error reading plugin resp: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

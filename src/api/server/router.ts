import { type IncomingMessage, ServerResponse } from "node:http";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { type EngineError, invalidArgument, kindOf, messageOf, notFound } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import { type Authorizer, authorize } from "./authorization.ts";
import type { Endpoint } from "./endpoint.ts";
import { Exchange, type Headers, type Takeover } from "./exchange.ts";
import { httpStatusOf } from "./http-status.ts";
import { Query } from "./query.ts";
import { type RequestTarget, TargetParser } from "./request-target.ts";
import { ApiVersion, refuseVersion } from "./versions.ts";

/** Image names are long. */
const LONGEST_NAME = 4096;

/**
 * Finds the endpoint of each request and lets it answer. Fastify matches paths and methods; requests and answers stay
 * Node's own, since most of this API's are streams, taken-over connections or bodies that must not be buffered.
 */
export class Router {
  readonly #app: FastifyInstance;
  readonly #targets: TargetParser;
  readonly #commonHeaders: Headers;
  readonly #logger: Logger;
  readonly #authorizer: Authorizer | undefined;
  readonly #parsed = new WeakMap<IncomingMessage, RequestTarget>();
  readonly #hijacking: ReadonlyArray<{ readonly method: string; readonly pattern: RegExp }>;
  readonly #takeovers = new WeakMap<IncomingMessage, Takeover>();

  constructor(
    endpoints: readonly Endpoint[],
    commonHeaders: Headers,
    logger: Logger,
    authorizer: Authorizer | undefined,
  ) {
    this.#authorizer = authorizer;
    this.#targets = new TargetParser(endpoints);
    this.#hijacking = endpoints
      .filter((endpoint) => endpoint.hijacks)
      .map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`) }));
    this.#commonHeaders = commonHeaders;
    this.#logger = logger;
    this.#app = Fastify({
      logger: false,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: LONGEST_NAME },
      rewriteUrl: (request) => this.#parse(request as IncomingMessage).path,
      frameworkErrors: (error, request, reply) => {
        reply.hijack();
        void this.#serve(this.#exchange(request, reply.raw), () => {
          throw invalidArgument(error.message);
        });
      },
    });
    this.#app.removeAllContentTypeParsers();
    // Bodies are read by the endpoints, as streams.
    this.#app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    for (const endpoint of endpoints) this.#add(endpoint);
    this.#serveAt("OPTIONS", "*", (exchange) => exchange.empty(200));
    this.#app.setNotFoundHandler((request, reply) => {
      reply.hijack();
      void this.#serve(this.#exchange(request, reply.raw), () => {
        throw notFound("page not found");
      });
    });
  }

  /** Resolves when requests can be routed. */
  async ready(): Promise<void> {
    await this.#app.ready();
  }

  route(request: IncomingMessage, response: ServerResponse): void {
    this.#app.routing(request, response);
  }

  /** Routes a request whose connection the HTTP parser let go. */
  routeTakeover(request: IncomingMessage, takeover: Takeover): void {
    this.#takeovers.set(request, takeover);
    // Nothing is ever written to this response: the exchange answers on the connection itself.
    this.#app.routing(request, new ServerResponse(request));
  }

  /** Whether an endpoint takes over the connection of this request. */
  hijacks(request: IncomingMessage): boolean {
    const { path } = this.#parse(request);
    return this.#hijacking.some(({ method, pattern }) => method === request.method && pattern.test(path));
  }

  #parse(request: IncomingMessage): RequestTarget {
    const known = this.#parsed.get(request);
    if (known) return known;
    const target = this.#targets.parse(request.method ?? "GET", request.url ?? "/");
    this.#parsed.set(request, target);
    return target;
  }

  #add(endpoint: Endpoint): void {
    this.#serveAt(endpoint.method, endpoint.path, async (exchange) => {
      if (this.#authorizer?.isAsked) await authorize(exchange, this.#authorizer);
      checkVersion(exchange.version, endpoint);
      await endpoint.handle(exchange);
    });
  }

  #serveAt(method: string, url: string, handle: (exchange: Exchange) => Promise<void> | void): void {
    this.#app.route({
      method,
      url,
      // Before Fastify looks at the kind of body: docker refuses a strange one only where it reads JSON.
      onRequest: (request, reply) => {
        reply.hijack();
        void this.#serve(this.#exchange(request, reply.raw), handle);
      },
      handler: async () => {},
    });
  }

  #exchange(request: FastifyRequest, response: ServerResponse): Exchange {
    const target = this.#parse(request.raw);
    return new Exchange({
      request: request.raw,
      response,
      takeover: this.#takeovers.get(request.raw),
      version: new ApiVersion(target.version ?? NEWEST_API_VERSION),
      query: new Query(target.query),
      params: request.params as Record<string, string>,
      commonHeaders: this.#commonHeaders,
    });
  }

  async #serve(exchange: Exchange, handle: (exchange: Exchange) => Promise<void> | void): Promise<void> {
    try {
      await handle(exchange);
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #fail(exchange: Exchange, error: unknown): void {
    const { method, url } = exchange.request;
    if (exchange.signal.aborted) {
      this.#logger.debug({ method, url, error }, "request canceled by client");
      exchange.abort();
      return;
    }
    if (httpStatusOf(error) >= 500) {
      const level = kindOf(error) === "internal" ? "error" : "info";
      this.#logger[level]({ method, url, error }, `request failed: ${messageOf(error)}`);
    }
    if (exchange.answered) exchange.abort();
    else if (exchange.version.below(OLDEST_API_VERSION)) {
      // Clients that old print the body as it is.
      exchange.text(httpStatusOf(error), `${messageOf(error)}\n`, { "X-Content-Type-Options": "nosniff" });
    } else exchange.error(error);
  }
}

/** Errors: invalidArgument where the version is not served at all, or does not have the endpoint. */
function checkVersion(version: ApiVersion, endpoint: Endpoint): void {
  const refused: EngineError | undefined = refuseVersion(version);
  if (refused) throw refused;
  if (endpoint.since !== undefined && version.below(endpoint.since)) {
    throw invalidArgument(
      `${endpoint.method} ${endpoint.path.replace(/:(\w+)/g, "{$1:.*}")} requires minimum API version ${endpoint.since}`,
    );
  }
}

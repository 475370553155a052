import { invalidArgument, unauthenticated } from "../../base/errors.ts";
import type {
  RegistryCredentials,
  RemoteFactory,
  RemoteOptions,
  RemoteRepository,
} from "../../core/remotes/remote.ts";
import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import { DEFAULT_DOMAIN, type NamedReference } from "../../spec/reference/reference.ts";
import { Authorizer, realmUrl, TokenCache } from "./authorizer.ts";
import { onBehalfOf } from "./client-agent.ts";
import { EndpointFinder } from "./endpoints.ts";
import { RegistryClient } from "./registry-client.ts";
import { RegistryError } from "./registry-error.ts";
import { RegistryRepository } from "./repository.ts";
import { searchCatalog } from "./search-catalog.ts";
import { searchIndex } from "./search-index.ts";
import type { RegistrySettings } from "./settings.ts";
import { type HttpSender, HttpTransport } from "./transport.ts";

const SEARCH_HOST = "index.docker.io";
const DEFAULT_SEARCH_LIMIT = 25;
const MAX_SEARCH_LIMIT = 100;

/** Opens repositories on registries over HTTP. Connections, tokens and what registries ask for are kept between pulls. */
export class RegistryRemotes implements RemoteFactory {
  #settings: RegistrySettings;
  #transport: HttpTransport;
  #endpoints: EndpointFinder;
  readonly #tokens = new TokenCache();

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
    this.#transport = new HttpTransport(settings);
    this.#endpoints = new EndpointFinder(this.#transport, settings);
  }

  get mirrors(): readonly string[] {
    return this.#settings.mirrors;
  }

  get insecureRegistries(): readonly string[] {
    return this.#settings.insecureRegistries;
  }

  /** What is opened from now on follows `changed`; what is open goes on as it began, over connections that end by themselves. */
  configure(changed: Partial<RegistrySettings>): void {
    this.#settings = { ...this.#settings, ...changed };
    this.#transport = new HttpTransport(this.#settings);
    this.#endpoints = new EndpointFinder(this.#transport, this.#settings);
  }

  open(reference: NamedReference, options: RemoteOptions): RemoteRepository {
    const { signal, credentials = {} } = options;
    let own: Promise<RegistryClient> | undefined;
    const clients = {
      mirrors: async () => {
        const mirrors = this.#endpoints.mirrorsOf(reference.domain);
        const opened = mirrors.map((mirror) => this.#openMirror(mirror, credentials, signal));
        return (await Promise.all(opened)).filter((client) => client !== undefined);
      },
      own: () => {
        own ??= this.#endpoints
          .find(reference.domain, signal)
          .then((endpoint) => this.#client(endpoint, credentials, signal));
        return own;
      },
    };
    return new RegistryRepository(reference, clients, this.#settings, signal);
  }

  async login(
    serverAddress: string,
    credentials: RegistryCredentials,
  ): Promise<{ readonly identityToken: string }> {
    const endpoint = await this.#endpoints.find(domainOf(serverAddress));
    const authorizer = this.#authorizer(credentials, undefined);
    const bearer = endpoint.challenges.find((challenge) => challenge.scheme === "bearer");
    if (bearer) {
      const { realm = "", service = "" } = bearer.parameters;
      const url = realmUrl(realm, endpoint.base, this.#settings);
      const grant = await authorizer
        .grant(url, service, [], true)
        .catch((error) => throwUnauthenticated(endpoint.base, error));
      return { identityToken: grant.refreshToken };
    }
    const client = this.#client(endpoint, credentials, undefined);
    try {
      const answer = await client.request({ method: "GET", target: "v2/", scopes: [], expect: [200] });
      await answer.discard();
    } catch (error) {
      throwUnauthenticated(endpoint.base, error);
    }
    return { identityToken: "" };
  }

  /**
   * Images that the search index of a registry finds for `term`; `host/term` asks another registry than docker.io, and
   * where that one has no index, its catalog. A limit of 0 is docker's 25.
   * Errors: invalidArgument (a limit beyond 100), unavailable, what the registry refuses.
   */
  async search(
    term: string,
    options: RemoteOptions & { readonly limit: number },
  ): Promise<ImageSearchItem[]> {
    const limit = options.limit === 0 ? DEFAULT_SEARCH_LIMIT : options.limit;
    if (limit < 1 || limit > MAX_SEARCH_LIMIT) {
      throw invalidArgument(`limit ${limit} is outside the range of [1, ${MAX_SEARCH_LIMIT}]`);
    }
    const { signal, credentials = {} } = options;
    const [, host, rest] = /^([^/]*[.:][^/]*|localhost)\/(.+)$/.exec(term) ?? [];
    const query = { term: rest ?? term, limit, credentials, signal };
    if (host === undefined || host === DEFAULT_DOMAIN || host === SEARCH_HOST) {
      return searchIndex(this.#sender(credentials), { ...query, base: new URL(`https://${SEARCH_HOST}/`) });
    }
    const endpoint = await this.#endpoints.find(host, signal);
    try {
      return await searchIndex(this.#sender(credentials), { ...query, base: endpoint.base });
    } catch (error) {
      if (!(error instanceof RegistryError && error.status === 404)) throw error;
      return searchCatalog(this.#client(endpoint, credentials, signal), query.term, limit);
    }
  }

  /** Closes idle connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #openMirror(
    base: URL,
    { client }: RegistryCredentials,
    signal: AbortSignal | undefined,
  ): Promise<RegistryClient | undefined> {
    try {
      // The user's credentials are for the registry, not for whoever mirrors it.
      return this.#client(await this.#endpoints.ping(base, signal), client ? { client } : {}, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      this.#settings.logger.warn({ err: error, mirror: base.href }, "registry mirror does not answer");
      return undefined;
    }
  }

  #client(
    endpoint: { readonly base: URL; readonly challenges: ConstructorParameters<typeof RegistryClient>[1] },
    credentials: RegistryCredentials,
    signal: AbortSignal | undefined,
  ): RegistryClient {
    return new RegistryClient(endpoint.base, endpoint.challenges, {
      transport: this.#sender(credentials),
      authorizer: this.#authorizer(credentials, signal),
      settings: this.#settings,
      signal,
    });
  }

  #authorizer(credentials: RegistryCredentials, signal: AbortSignal | undefined): Authorizer {
    return new Authorizer(this.#sender(credentials), this.#settings, this.#tokens, credentials, signal);
  }

  #sender({ client }: RegistryCredentials): HttpSender {
    return onBehalfOf(this.#transport, client, this.#settings.userAgent);
  }
}

/** The registry's domain in what a user logs in to: `https://index.docker.io/v1/`, `localhost:5000`, empty for docker.io. */
function domainOf(serverAddress: string): string {
  const host = serverAddress.replace(/^https?:\/\//, "").split("/", 1)[0]!;
  return host === "" || host === "index.docker.io" || host === "registry-1.docker.io" ? DEFAULT_DOMAIN : host;
}

function throwUnauthenticated(base: URL, error: unknown): never {
  const refused = error instanceof RegistryError && (error.status === 401 || error.status === 403);
  if (!refused) throw error;
  throw unauthenticated(
    `login attempt to ${new URL("v2/", base).href} failed with status: ${error.status} Unauthorized`,
    {
      cause: error,
    },
  );
}

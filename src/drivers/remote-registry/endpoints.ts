import { retry } from "../../base/async.ts";
import { type AuthChallenge, parseChallenges } from "../../spec/distribution/challenge.ts";
import { DEFAULT_DOMAIN } from "../../spec/reference/reference.ts";
import { ConnectionError, isRetryable } from "./connection-error.ts";
import { headerList, MAX_RETRY_DELAY_MS } from "./registry-client.ts";
import { RegistryError, readRegistryError } from "./registry-error.ts";
import { isInsecure, type RegistrySettings } from "./settings.ts";
import type { HttpAnswer, HttpTransport } from "./transport.ts";

const DOCKER_HUB = "registry-1.docker.io";
const KEPT_MS = 5 * 60_000;

/** A registry that answered. */
export interface Endpoint {
  /** Root of the registry: `https://registry-1.docker.io/`. */
  readonly base: URL;
  readonly challenges: readonly AuthChallenge[];
}

/** The registry host that serves the images of `domain`. */
export function registryHost(domain: string): string {
  return domain === DEFAULT_DOMAIN || domain === "index.docker.io" ? DOCKER_HUB : domain;
}

/** Finds how a registry is reached and what it asks for, once for many requests. Source: OCI distribution-spec v1.1, "Determining Support". */
export class EndpointFinder {
  readonly #transport: HttpTransport;
  readonly #settings: RegistrySettings;
  readonly #known = new Map<string, { readonly endpoint: Endpoint; readonly atMs: number }>();

  constructor(transport: HttpTransport, settings: RegistrySettings) {
    this.#transport = transport;
    this.#settings = settings;
  }

  /** Mirrors of `domain`, best first. They serve pulls only. */
  mirrorsOf(domain: string): URL[] {
    if (domain !== DEFAULT_DOMAIN) return [];
    return this.#settings.mirrors.map((mirror) => new URL(mirror.endsWith("/") ? mirror : `${mirror}/`));
  }

  /** The endpoint of `domain`'s own registry. Errors: unavailable with Go's text of what failed. */
  async find(domain: string, signal?: AbortSignal): Promise<Endpoint> {
    const host = registryHost(domain);
    const secure = new URL(`https://${host}/`);
    if (!isInsecure(host, this.#settings)) return this.ping(secure, signal);
    const plain = new URL(`http://${host}/`);
    if (this.#fresh(plain)) return this.ping(plain, signal);
    try {
      return await this.ping(secure, signal);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return this.ping(plain, signal);
    }
  }

  /** The endpoint at a known address. Errors: unavailable. */
  async ping(base: URL, signal?: AbortSignal): Promise<Endpoint> {
    const known = this.#fresh(base);
    if (known) return known;
    const answer = await retry(
      {
        attempts: this.#settings.attempts,
        firstDelayMs: this.#settings.firstRetryDelayMs,
        maxDelayMs: MAX_RETRY_DELAY_MS,
        retryable: (error) => isRetryable(error) || error instanceof RegistryError,
        ...(signal && { signal }),
      },
      () => this.#ask(base, signal),
    );
    const challenges =
      answer.status === 401 ? parseChallenges(headerList(answer.headers["www-authenticate"])) : [];
    await answer.discard();
    const endpoint = { base, challenges };
    this.#known.set(base.href, { endpoint, atMs: Date.now() });
    return endpoint;
  }

  async #ask(base: URL, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const url = new URL("v2/", base);
    const answer = await this.#transport.send({ method: "GET", url, headers: {}, signal });
    if (answer.status >= 500 || answer.status === 429) throw await readRegistryError(answer, "GET");
    return answer;
  }

  #fresh(base: URL): Endpoint | undefined {
    const known = this.#known.get(base.href);
    return known && Date.now() - known.atMs < KEPT_MS ? known.endpoint : undefined;
  }
}

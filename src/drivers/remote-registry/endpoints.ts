import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { retry } from "../../base/async.ts";
import { hostnameOf } from "../../base/host-name.ts";
import { proxyFor } from "../../base/http-proxy.ts";
import { type AuthChallenge, parseChallenges } from "../../spec/distribution/challenge.ts";
import { DEFAULT_DOMAIN } from "../../spec/reference/reference.ts";
import { ConnectionError, isRetryable } from "./connection-error.ts";
import { headerList, MAX_RETRY_DELAY_MS } from "./registry-client.ts";
import { RegistryError, readRegistryError } from "./registry-error.ts";
import { areInsecure, isInsecure, type RegistrySettings } from "./settings.ts";
import type { HttpAnswer, HttpTransport } from "./transport.ts";

const DOCKER_HUB = "registry-1.docker.io";
const KEPT_MS = 5 * 60_000;

/** A registry that answered. */
export interface Endpoint {
  /** Root of the registry: `https://registry-1.docker.io/`. */
  readonly base: URL;
  readonly challenges: readonly AuthChallenge[];
}

async function resolveName(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** The registry host that serves the images of `domain`. */
function registryHost(domain: string): string {
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
    const isAllowed = isInsecure(host, this.#settings) || (await this.#pinInsecure(secure));
    if (!isAllowed) return this.ping(secure, signal);
    const plain = new URL(`http://${host}/`);
    if (this.#fresh(plain)) return this.ping(plain, signal);
    try {
      return await this.ping(secure, signal);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return this.ping(plain, signal);
    }
  }

  /**
   * Whether a name may be reached without TLS for its addresses' sake. All of them must be in a network that the operator
   * named, and from then on the name is dialled at no other address, whatever a resolver says later (CVE-2026-92543).
   */
  async #pinInsecure(url: URL): Promise<boolean> {
    const { insecureRegistries, environment, resolve = resolveName } = this.#settings;
    const name = hostnameOf(url.host);
    if (isIP(name) !== 0 || !insecureRegistries.some((entry) => entry.includes("/"))) return false;
    // Behind a proxy it is the proxy that dials.
    if (proxyFor(url, environment) || proxyFor(new URL(`http://${url.host}`), environment)) return false;
    // What cannot be resolved is told by the request itself.
    const addresses = await resolve(name).catch(() => []);
    const isAllowed = areInsecure(addresses, this.#settings);
    this.#transport.pin(name, isAllowed ? addresses : undefined);
    return isAllowed;
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

import { createHash } from "node:crypto";
import { unauthenticated, unavailable } from "../../base/errors.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type { AuthChallenge } from "../../spec/distribution/challenge.ts";
import { parseTokenGrant, type TokenGrant } from "../../spec/distribution/token.ts";
import { readRegistryError } from "./registry-error.ts";
import { isInsecure, type RegistrySettings } from "./settings.ts";
import type { HttpRequest, HttpSender } from "./transport.ts";

const MAX_TOKEN_BYTES = 256 * 1024;
const MAX_CACHED_TOKENS = 512;
/** Tokens are not used in their last moments: a request on its way must still find them good. */
const EXPIRY_MARGIN_MS = 10_000;
const CLIENT_ID = "docker";

/** Bearer tokens by everything they depend on. Shared by all repositories of one factory. */
export class TokenCache {
  readonly #tokens = new Map<string, { readonly token: string; readonly expiresAtMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get(key: string): string | undefined {
    const cached = this.#tokens.get(key);
    if (!cached || cached.expiresAtMs <= this.#now()) {
      this.#tokens.delete(key);
      return undefined;
    }
    return cached.token;
  }

  set(key: string, grant: TokenGrant): void {
    if (this.#tokens.size >= MAX_CACHED_TOKENS) {
      const oldest = this.#tokens.keys().next().value;
      if (oldest !== undefined) this.#tokens.delete(oldest);
    }
    this.#tokens.set(key, {
      token: grant.token,
      expiresAtMs: this.#now() + grant.expiresInMs - EXPIRY_MARGIN_MS,
    });
  }

  delete(key: string): void {
    this.#tokens.delete(key);
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Says who asks, to one registry with one set of credentials. Source: distribution "Token Authentication Specification". */
export class Authorizer {
  readonly #transport: HttpSender;
  readonly #settings: RegistrySettings;
  readonly #cache: TokenCache;
  readonly #credentials: RegistryCredentials;
  readonly #signal: AbortSignal | undefined;
  readonly #fingerprint: string;

  constructor(
    transport: HttpSender,
    settings: RegistrySettings,
    cache: TokenCache,
    credentials: RegistryCredentials,
    signal: AbortSignal | undefined,
  ) {
    this.#transport = transport;
    this.#settings = settings;
    this.#cache = cache;
    this.#credentials = credentials;
    this.#signal = signal;
    const { username = "", password = "", identityToken = "" } = credentials;
    this.#fingerprint = createHash("sha256")
      .update(JSON.stringify([username, password, identityToken]))
      .digest("base64");
  }

  /**
   * The `Authorization` header that answers `challenges`; undefined where nothing is asked for.
   * `renew` gets a new token although one is cached: the registry refused it.
   * Errors: unauthenticated where the challenge cannot be answered or the token server refuses.
   */
  async authorize(
    challenges: readonly AuthChallenge[],
    scopes: readonly string[],
    request: { readonly method: string; readonly url: URL; readonly renew: boolean },
  ): Promise<string | undefined> {
    if (this.#credentials.registryToken) return `Bearer ${this.#credentials.registryToken}`;
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
    if (bearer) return `Bearer ${await this.#token(bearer, scopes, request.url, request.renew)}`;
    const wantsBasic = challenges.some((challenge) => challenge.scheme === "basic");
    if (!wantsBasic) return undefined;
    const { username, password } = this.#credentials;
    if (!username && !password) {
      const verb = request.method.charAt(0) + request.method.slice(1).toLowerCase();
      const { origin, pathname } = request.url;
      throw unauthenticated(`${verb} "${origin}${pathname}": no basic auth credentials`);
    }
    return basic(username ?? "", password ?? "");
  }

  async #token(
    challenge: AuthChallenge,
    scopes: readonly string[],
    registry: URL,
    renew: boolean,
  ): Promise<string> {
    const wanted = scopes.length > 0 ? scopes : splitScopes(challenge.parameters["scope"]);
    const { realm = "", service = "" } = challenge.parameters;
    const key = [realm, service, this.#fingerprint, ...wanted].join("\n");
    if (renew) this.#cache.delete(key);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const grant = await this.grant(realmUrl(realm, registry, this.#settings), service, wanted, false);
    this.#cache.set(key, grant);
    return grant.token;
  }

  /** A token from the token server; with `offline` also a refresh token to log in with later. Errors: unauthenticated, unavailable. */
  async grant(realm: URL, service: string, scopes: readonly string[], offline: boolean): Promise<TokenGrant> {
    const request = this.#credentials.identityToken
      ? this.#refreshRequest(realm, service, scopes, this.#credentials.identityToken)
      : this.#tokenRequest(realm, service, scopes, offline);
    const answer = await this.#transport.send({ ...request, signal: this.#signal });
    if (answer.status >= 300) {
      const error = await readRegistryError(answer, request.method);
      if (error.status < 500 && error.status >= 400 && error.status !== 429) {
        throw unauthenticated(error.message, { cause: error });
      }
      throw error;
    }
    return parseTokenGrant(await answer.readAll(MAX_TOKEN_BYTES));
  }

  #refreshRequest(realm: URL, service: string, scopes: readonly string[], refreshToken: string): HttpRequest {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      service,
      client_id: CLIENT_ID,
      refresh_token: refreshToken,
      scope: scopes.join(" "),
    }).toString();
    const bytes = Buffer.from(form);
    return {
      method: "POST",
      url: realm,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: {
        contentLength: bytes.byteLength,
        async *open() {
          yield bytes;
        },
      },
    };
  }

  #tokenRequest(realm: URL, service: string, scopes: readonly string[], offline: boolean): HttpRequest {
    const url = new URL(realm);
    const { username = "", password = "" } = this.#credentials;
    if (service !== "") url.searchParams.set("service", service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    if (username !== "") url.searchParams.set("account", username);
    if (offline) {
      url.searchParams.set("offline_token", "true");
      url.searchParams.set("client_id", CLIENT_ID);
    }
    const known = username !== "" || password !== "";
    return { method: "GET", url, headers: known ? { authorization: basic(username, password) } : {} };
  }
}

function splitScopes(scope: string | undefined): string[] {
  return scope ? scope.split(" ").filter((part) => part !== "") : [];
}

/** The token server's address. Errors: unavailable for one that would take the password over a plain connection. */
export function realmUrl(realm: string, registry: URL, settings: RegistrySettings): URL {
  if (!URL.canParse(realm)) throw unavailable(`invalid token auth challenge realm: ${realm.slice(0, 256)}`);
  const url = new URL(realm);
  const plainAllowed = registry.protocol === "http:" || isInsecure(url.host, settings);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && plainAllowed)) {
    throw unavailable(`invalid token auth challenge realm: ${url.origin} is not reached over TLS`);
  }
  return url;
}

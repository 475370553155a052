import { type CountDownListener, retry } from "../../base/async.ts";
import { EngineError, unavailable } from "../../base/errors.ts";
import { type AuthChallenge, parseChallenges } from "../../spec/distribution/challenge.ts";
import { parseRetryAfterMs } from "../../spec/distribution/range.ts";
import type { Authorizer } from "./authorizer.ts";
import { isRetryable } from "./connection-error.ts";
import { type RegistryError, readRegistryError } from "./registry-error.ts";
import { isInsecure, type RegistrySettings } from "./settings.ts";
import type { HttpAnswer, HttpRequest, HttpSender } from "./transport.ts";

const MAX_REDIRECTS = 10;
export const MAX_RETRY_DELAY_MS = 15_000;
/** Longest wait that a registry can ask for; more and the user is better served by the error. */
const MAX_RETRY_AFTER_MS = 60_000;
const RETRIED_STATUS = new Set([408, 429, 500, 502, 503, 504]);

export interface RegistryRequest {
  readonly method: string;
  /** Path below the endpoint, or an address that the registry gave. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpRequest["body"];
  readonly scopes: readonly string[];
  /** Statuses that are an answer; everything else is an error. */
  readonly expect: readonly number[];
  /** Told of waits before further tries. */
  readonly onRetry?: CountDownListener | undefined;
  /** One try only: the caller has its own way to go on. */
  readonly once?: boolean;
}

/** A failure of the registry that passes: retried, with the wait it asked for. */
class TransientFailure extends EngineError {
  readonly reason: RegistryError;
  readonly retryAfterMs: number | undefined;

  constructor(reason: RegistryError, retryAfterMs: number | undefined) {
    super("unavailable", reason.message, { cause: reason });
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Requests to one registry endpoint: with authorisation, redirects and retries. */
export class RegistryClient {
  readonly base: URL;
  readonly #transport: HttpSender;
  readonly #authorizer: Authorizer;
  readonly #settings: RegistrySettings;
  readonly #signal: AbortSignal | undefined;
  #challenges: readonly AuthChallenge[];

  constructor(
    base: URL,
    challenges: readonly AuthChallenge[],
    parts: {
      readonly transport: HttpSender;
      readonly authorizer: Authorizer;
      readonly settings: RegistrySettings;
      readonly signal: AbortSignal | undefined;
    },
  ) {
    this.base = base;
    this.#challenges = challenges;
    this.#transport = parts.transport;
    this.#authorizer = parts.authorizer;
    this.#settings = parts.settings;
    this.#signal = parts.signal;
  }

  /** An answer with one of the expected statuses. Errors: RegistryError, and what the transport throws. */
  async request(request: RegistryRequest): Promise<HttpAnswer> {
    try {
      return await retry(
        {
          attempts: request.once ? 1 : this.#settings.attempts,
          firstDelayMs: this.#settings.firstRetryDelayMs,
          maxDelayMs: MAX_RETRY_DELAY_MS,
          retryable: (error) => this.#verdict(error),
          onWait: request.onRetry,
          ...(this.#signal && { signal: this.#signal }),
        },
        () => this.#authorized(request),
      );
    } catch (error) {
      throw error instanceof TransientFailure ? error.reason : error;
    }
  }

  #verdict(error: unknown): boolean | number {
    if (!(error instanceof TransientFailure)) return isRetryable(error);
    const { retryAfterMs } = error;
    if (retryAfterMs === undefined) return true;
    return retryAfterMs <= MAX_RETRY_AFTER_MS && retryAfterMs;
  }

  async #authorized(request: RegistryRequest): Promise<HttpAnswer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#follow(request, attempt > 0);
      if (request.expect.includes(answer.status)) return answer;
      const challenges = parseChallenges(headerList(answer.headers["www-authenticate"]));
      if (answer.status === 401 && attempt === 0 && challenges.length > 0 && this.#isOwn(answer.url)) {
        await answer.discard();
        this.#challenges = challenges;
        continue;
      }
      const error = await readRegistryError(answer, request.method);
      if (!RETRIED_STATUS.has(answer.status)) throw error;
      throw new TransientFailure(error, parseRetryAfterMs(answer.headers["retry-after"], Date.now()));
    }
  }

  /** Sends, and goes where the registry points to. Authorisation stays with the registry's own origin (CVE-2020-15157). */
  async #follow(request: RegistryRequest, renew: boolean): Promise<HttpAnswer> {
    const { method } = request;
    let url = new URL(request.target, this.base);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const authorization = this.#isOwn(url)
        ? await this.#authorizer.authorize(this.#challenges, request.scopes, { method, url, renew })
        : undefined;
      const answer = await this.#transport.send({
        method,
        url,
        headers: { ...request.headers, ...(authorization !== undefined && { authorization }) },
        ...(request.body && { body: request.body }),
        signal: this.#signal,
      });
      const location = answer.headers.location;
      const redirected = [301, 302, 303, 307, 308].includes(answer.status);
      if (!redirected || request.expect.includes(answer.status) || location === undefined) return answer;
      await answer.discard();
      url = this.#checkRedirect(url, location);
    }
    throw unavailable(
      `${method.charAt(0)}${method.slice(1).toLowerCase()} "${url.origin}${url.pathname}": stopped after ${MAX_REDIRECTS} redirects`,
    );
  }

  #isOwn(url: URL): boolean {
    return url.origin === this.base.origin;
  }

  #checkRedirect(from: URL, location: string): URL {
    if (!URL.canParse(location, from.href))
      throw unavailable("the registry redirects to an address that is none");
    const to = new URL(location, from);
    const secure = to.protocol === "https:" || (to.protocol === "http:" && !this.#mustEncrypt(from, to));
    if (!secure) throw unavailable(`the registry redirects to ${to.origin}, which is not reached over TLS`);
    to.username = "";
    to.password = "";
    return to;
  }

  #mustEncrypt(from: URL, to: URL): boolean {
    return from.protocol === "https:" && !isInsecure(to.host, this.#settings);
  }
}

/** The values of a header that may come several times. */
export function headerList(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : [header];
}

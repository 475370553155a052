import { unavailable } from "../../base/errors.ts";

/**
 * A bearer token from a token server.
 * Source: distribution "Token Authentication Specification" and "OAuth2 token authentication".
 */
export interface TokenGrant {
  readonly token: string;
  /** Refresh token, where one was asked for and given. */
  readonly refreshToken: string;
  readonly expiresInMs: number;
}

/** Shortest life a token is taken to have; the specification's default. */
const DEFAULT_LIFE_SECONDS = 60;

/** The grant in a token server's answer. Errors: unavailable where there is no token in it. */
export function parseTokenGrant(body: Uint8Array): TokenGrant {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(Buffer.from(body).toString("utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw unavailable("unable to decode token response: the answer is not JSON", { cause });
  }
  const token = [answer?.["token"], answer?.["access_token"]].find(
    (value) => typeof value === "string" && value !== "",
  );
  // A line break would end the header that the token is sent in.
  if (typeof token !== "string" || /[\r\n\0]/.test(token)) {
    throw unavailable("authorization server did not include a token in the response");
  }
  const seconds = answer["expires_in"];
  const life = typeof seconds === "number" && seconds > 0 ? seconds : DEFAULT_LIFE_SECONDS;
  const refresh = answer["refresh_token"];
  return {
    token,
    refreshToken: typeof refresh === "string" ? refresh : "",
    expiresInMs: Math.max(life, DEFAULT_LIFE_SECONDS) * 1000,
  };
}

export type RepositoryAction = "pull" | "push" | "delete";

/** `repository:library/busybox:pull`, actions sorted. */
export function repositoryScope(repository: string, actions: readonly RepositoryAction[]): string {
  return `repository:${repository}:${[...actions].sort().join(",")}`;
}

import { canceled, EngineError } from "../../base/errors.ts";
import { hostnameOf } from "../../base/host-name.ts";

const TLS_NOT_SPOKEN = new Set(["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER"]);
const UNKNOWN_AUTHORITY = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What Go's net package, whose texts docker's users know, says of a failed connection. */
function describe(error: NodeJS.ErrnoException & { address?: string; port?: number }, url: URL): string {
  const at = dialled(error, url);
  const code = error.code ?? "";
  switch (code) {
    case "ECONNREFUSED":
      return `dial tcp ${at}: connect: connection refused`;
    case "EHOSTUNREACH":
      return `dial tcp ${at}: connect: no route to host`;
    case "ENETUNREACH":
      return `dial tcp ${at}: connect: network is unreachable`;
    case "ETIMEDOUT":
      return `dial tcp ${at}: connect: connection timed out`;
    case "ENOTFOUND":
      return `dial tcp: lookup ${hostnameOf(url.host)}: no such host`;
    case "EAI_AGAIN":
      return `dial tcp: lookup ${hostnameOf(url.host)}: Temporary failure in name resolution`;
    case "ECONNRESET":
    case "EPIPE":
      return "EOF";
    case "CERT_HAS_EXPIRED":
      return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `tls: failed to verify certificate: x509: certificate is not valid for ${hostnameOf(url.host)}`;
    default:
      if (TLS_NOT_SPOKEN.has(code)) return "http: server gave HTTP response to HTTPS client";
      if (UNKNOWN_AUTHORITY.has(code)) {
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
      }
      return error.message;
  }
}

function dialled(error: { address?: string; port?: number }, url: URL): string {
  const port = error.port ?? Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const address = error.address ?? hostnameOf(url.host);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A connection that failed or broke. Carries whether another try may help. */
export class ConnectionError extends EngineError {
  readonly retryable: boolean;
  /** The peer does not speak TLS: plain HTTP may be tried where that is allowed. */
  readonly tlsNotSpoken: boolean;

  constructor(message: string, facts: { retryable: boolean; tlsNotSpoken: boolean; cause: unknown }) {
    super("unavailable", message, { cause: facts.cause });
    this.retryable = facts.retryable;
    this.tlsNotSpoken = facts.tlsNotSpoken;
  }
}

const RETRYABLE = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"]);

/** The engine's error for what a request threw: `Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused`. */
export function toConnectionError(
  method: string,
  url: URL,
  error: unknown,
  signal?: AbortSignal,
): EngineError {
  if (signal?.aborted) return canceled("context canceled", { cause: error });
  if (error instanceof EngineError) return error;
  const failure = error as NodeJS.ErrnoException;
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return new ConnectionError(`${verb} "${withoutQuery(url)}": ${describe(failure, url)}`, {
    retryable: RETRYABLE.has(failure.code ?? ""),
    tlsNotSpoken: TLS_NOT_SPOKEN.has(failure.code ?? ""),
    cause: error,
  });
}

/** Signed addresses carry secrets in their query. */
function withoutQuery(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** A transfer that brought no byte for too long. */
export function stalled(method: string, url: URL): ConnectionError {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return new ConnectionError(`${verb} "${withoutQuery(url)}": net/http: timeout awaiting data`, {
    retryable: true,
    tlsNotSpoken: false,
    cause: undefined,
  });
}

/** Whether another try may help. */
export function isRetryable(error: unknown): boolean {
  return error instanceof ConnectionError && error.retryable;
}

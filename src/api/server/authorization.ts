import type { TLSSocket } from "node:tls";
import { permissionDenied } from "../../base/errors.ts";
import type {
  Authorization,
  AuthorizationRequest,
  AuthorizationResponse,
} from "../../services/plugins/mod.ts";
import type { Exchange } from "./exchange.ts";

export type { AuthorizationRequest, AuthorizationResponse };

/** Decides about one answer. Errors: whatever the client is to be told instead of the answer. */
export type ResponseGate = Authorization;

/** Decides about requests. Errors: whatever the client is to be told instead. */
export interface Authorizer {
  /** Whether there is anything to decide now; nothing is held back for it where not. */
  readonly isAsked: boolean;
  checkRequest(request: AuthorizationRequest): Promise<ResponseGate>;
}

/** Longest body that is shown to an authorizer, as docker has it. */
const LONGEST_BODY_BYTES = 1024 * 1024;
const AUTH_ENDPOINT = /^\/(v\d[\d.]*\/)?auth/;

/**
 * The request may be handled, and its answer passes through the authorizer before it is sent. A body that is too long to be
 * shown is refused: what nobody has looked at must not get through. Errors: permissionDenied and the authorizer's own.
 */
export async function authorize(exchange: Exchange, authorizer: Authorizer): Promise<void> {
  const { request } = exchange;
  // What the router looks at has lost its version.
  const uri = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/";
  const isShown = !AUTH_ENDPOINT.test(uri);
  let body: Uint8Array | undefined;
  if (isShown && isJson(exchange.header("content-type"))) {
    body = await exchange.readAhead(LONGEST_BODY_BYTES);
    if (body === undefined) {
      throw permissionDenied(
        `authorization denied: the request body is longer than the ${LONGEST_BODY_BYTES} bytes that authorization plugins are shown`,
      );
    }
  }
  const certificate = peerCertificate(request.socket as TLSSocket);
  const gate = await authorizer.checkRequest({
    user: certificate?.commonName ?? "",
    method: request.method ?? "GET",
    uri,
    headers: Object.fromEntries(
      Object.entries(request.headers)
        .filter(([name]) => name !== "host")
        .map(([name, value]) => [name, Array.isArray(value) ? value.at(-1)! : (value ?? "")]),
    ),
    body,
    peerCertificates: certificate ? [certificate.pem] : [],
  });
  exchange.gate({
    checkResponse: (response) =>
      gate.checkResponse(
        isShown && isJson(response.headers["Content-Type"] ?? "")
          ? response
          : { ...response, body: undefined },
      ),
  });
}

function isJson(contentType: string): boolean {
  return /^\s*application\/json\s*(;|$)/i.test(contentType);
}

function peerCertificate(
  socket: TLSSocket,
): { readonly commonName: string; readonly pem: string } | undefined {
  const certificate = socket.getPeerCertificate?.();
  if (!certificate?.raw) return undefined;
  const lines = certificate.raw.toString("base64").match(/.{1,64}/g) ?? [];
  const name: unknown = certificate.subject?.CN;
  return {
    commonName: typeof name === "string" ? name : "",
    pem: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

import { internal, messageOf, permissionDenied } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Plugins } from "../../drivers/plugin-client/mod.ts";

/** A request as authorization plug-ins are told of it. Source: docker's "Access authorization plugin". */
export interface AuthorizationRequest {
  /** Common name of the client's certificate; empty where it has none. */
  readonly user: string;
  readonly method: string;
  /** As it was sent, version included. */
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Only of bodies in JSON. */
  readonly body: Uint8Array | undefined;
  /** PEM. */
  readonly peerCertificates: readonly string[];
}

export interface AuthorizationResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Only of bodies in JSON that are sent whole. */
  readonly body: Uint8Array | undefined;
}

/** Decides about one request, and then about its answer. */
export interface Authorization {
  /** Errors: permissionDenied, and internal where a plug-in does not answer. */
  checkResponse(response: AuthorizationResponse): Promise<void>;
}

interface Verdict {
  /** Its full name: that of a managed one has a tag. */
  readonly plugin: string;
  readonly allowed: boolean;
  readonly reason: string;
}

type Message = Readonly<Record<string, unknown>>;

export interface AuthorizationPluginsOptions {
  readonly plugins: Plugins;
  /** Names of those that decide now. */
  readonly names: () => readonly string[];
  /** Whether the plug-in of that name was disabled while the engine runs, and is to be asked no more. */
  readonly isDismissed: (name: string) => boolean;
  readonly logger: Logger;
}

/**
 * Asks plug-ins, in the order in which they were given, whether a request may be made and its answer be seen. All of them
 * must agree; one that fails or is not there denies.
 */
export class AuthorizationPlugins {
  readonly #options: AuthorizationPluginsOptions;

  constructor(options: AuthorizationPluginsOptions) {
    this.#options = options;
  }

  /** Whether anybody is asked at all. */
  get isAsked(): boolean {
    return this.#options.names().length > 0;
  }

  /** Errors: permissionDenied, and internal where a plug-in does not answer. */
  async checkRequest(request: AuthorizationRequest): Promise<Authorization> {
    const message = messageOfRequest(request);
    await this.#ask("AuthZPlugin.AuthZReq", message);
    return {
      checkResponse: async ({ status, headers, body }) =>
        await this.#ask("AuthZPlugin.AuthZRes", {
          ...message,
          ResponseStatusCode: status,
          ResponseHeaders: withoutSecrets(headers),
          ...(body && body.byteLength > 0 ? { ResponseBody: Buffer.from(body).toString("base64") } : {}),
        }),
    };
  }

  async #ask(method: string, message: Message): Promise<void> {
    for (const name of new Set(this.#options.names())) {
      if (this.#options.isDismissed(name)) continue;
      const verdict = await this.#verdictOf(name, method, message);
      if (verdict.allowed) continue;
      this.#options.logger.info({ plugin: name, method, uri: message["RequestUri"] }, "denied by a plug-in");
      throw permissionDenied(`authorization denied by plugin ${verdict.plugin}: ${verdict.reason}`);
    }
  }

  async #verdictOf(name: string, method: string, message: Message): Promise<Verdict> {
    try {
      const plugin = await this.#options.plugins.get(name, "authz");
      const reply = await plugin.call(method, message, { timeoutMs: TIMEOUT_MS });
      return { plugin: plugin.name, allowed: reply.flag("Allow"), reason: reply.text("Msg") };
    } catch (error) {
      throw internal(`plugin ${name} failed with error: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Docker waits without an end; a plug-in that hangs would hold every client for ever. */
const TIMEOUT_MS = 30_000;

function messageOfRequest(request: AuthorizationRequest): Message {
  const { user, method, uri, headers, body, peerCertificates } = request;
  return {
    ...(user === "" ? {} : { User: user, UserAuthNMethod: "TLS" }),
    RequestMethod: method,
    RequestUri: uri,
    ...(body && body.byteLength > 0 ? { RequestBody: Buffer.from(body).toString("base64") } : {}),
    RequestHeaders: withoutSecrets(headers),
    ...(peerCertificates.length > 0
      ? { RequestPeerCertificates: peerCertificates.map((pem) => Buffer.from(pem).toString("base64")) }
      : {}),
  };
}

const SECRETS = new Set(["authorization", "x-registry-config", "x-registry-auth"]);

/** Headers by their canonical names, those with credentials left out. */
function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !SECRETS.has(name.toLowerCase()));
  return Object.fromEntries(kept.map(([name, value]) => [canonical(name), value]));
}

function canonical(name: string): string {
  return name
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join("-");
}

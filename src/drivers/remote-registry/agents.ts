import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { unavailable } from "../../base/errors.ts";
import { hostnameOf } from "../../base/host-name.ts";
import { proxyFor } from "../../base/http-proxy.ts";
import { isInsecure, type RegistrySettings } from "./settings.ts";
import { readTlsMaterial } from "./tls-files.ts";

/** Sockets kept to one host: what parallel layers of several pulls use at a time. */
const MAX_SOCKETS = 32;

/** How one request leaves: the agent, and for plain HTTP through a proxy where it really goes. */
export interface Route {
  readonly agent: HttpAgent;
  readonly proxy: URL | undefined;
}

/** Keeps one agent, and with it the open connections and the certificates, for each host and way to it. */
export class AgentPool {
  readonly #settings: RegistrySettings;
  readonly #agents = new Map<string, Promise<HttpAgent>>();

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  /** `isPinned`: the address is what is trusted, not the certificate. */
  async routeTo(url: URL, isPinned: boolean): Promise<Route> {
    const proxy = proxyFor(url, this.#settings.environment);
    const key = `${url.protocol}//${url.host} ${proxy?.href ?? ""} ${isPinned}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = this.#makeAgent(url, proxy, isPinned);
      this.#agents.set(key, agent);
      // A folder that cannot be read now may be readable at the next try.
      agent.catch(() => this.#agents.delete(key));
    }
    return { agent: await agent, proxy: url.protocol === "http:" ? proxy : undefined };
  }

  /** Closes idle connections and forgets certificates; requests under way go on. */
  async close(): Promise<void> {
    const agents = await Promise.allSettled(this.#agents.values());
    this.#agents.clear();
    for (const agent of agents) if (agent.status === "fulfilled") agent.value.destroy();
  }

  async #makeAgent(url: URL, proxy: URL | undefined, isPinned: boolean): Promise<HttpAgent> {
    if (url.protocol === "http:") return new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
    const { certificateDirs, environment } = this.#settings;
    const material = await readTlsMaterial(url.host, certificateDirs, environment);
    const tls = { ...material, rejectUnauthorized: !isPinned && !isInsecure(url.host, this.#settings) };
    const agent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...tls });
    if (proxy) {
      const name = hostnameOf(url.host);
      const sni = isIP(name) === 0 ? { servername: name } : {};
      agent.createConnection = (_options, callback) => {
        openTunnel(proxy, url).then(
          (socket) => callback?.(null, tlsConnect({ socket, host: name, ...sni, ...tls })),
          (error) => callback?.(error as Error, undefined as unknown as Duplex),
        );
        return undefined;
      };
    }
    return agent;
  }
}

/** Credentials of a proxy's address, as the header it wants. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
}

/** A connection to `target` through a proxy. Source: RFC 9110, section 9.3.6, "CONNECT". */
function openTunnel(proxy: URL, target: URL): Promise<Socket> {
  const authority = `${target.hostname}:${target.port || 443}`;
  const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send({
      host: hostnameOf(proxy.host),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      agent: false,
    });
    request.once("connect", (response, socket) => {
      if (response.statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(
        unavailable(`proxyconnect tcp: ${response.statusCode} ${response.statusMessage ?? ""}`.trimEnd()),
      );
    });
    request.once("response", (response) => {
      response.destroy();
      reject(
        unavailable(`proxyconnect tcp: ${response.statusCode} ${response.statusMessage ?? ""}`.trimEnd()),
      );
    });
    request.once("error", reject);
    request.end();
  });
}

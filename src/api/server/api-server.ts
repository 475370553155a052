import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server,
  type ServerOpts,
  type Socket,
} from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { invalidArgument } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { NEWEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import type { Authorizer } from "./authorization.ts";
import { RawConnection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { type HangUpWatch, TCP_KEEP_ALIVE_MS } from "./hang-up.ts";
import { inheritedDescriptors } from "./inherited-sockets.ts";
import { inspectFirstHead, isLegacyHijack } from "./legacy-hijack.ts";
import { isLoopback, type ListenAddress, parseListenAddress } from "./listen-address.ts";
import { Router } from "./router.ts";
import { findGroup, listenOnUnixSocket } from "./unix-socket.ts";

/** Certificates for TCP listeners, PEM. */
export interface TlsSettings {
  readonly certificate: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Authorities that client certificates must come from; undefined accepts any client. */
  readonly clientAuthorities?: string | Uint8Array;
}

export interface HttpApiOptions {
  readonly endpoints: readonly Endpoint[];
  /** Version of the engine, for the `Server` header. */
  readonly engineVersion: string;
  readonly experimental: boolean;
  readonly logger: Logger;
  readonly tls?: TlsSettings;
  /** Lets everybody who can reach the port control the machine. */
  readonly allowInsecureTcp?: boolean;
  /** Is asked before every request and every answer. */
  readonly authorizer?: Authorizer;
  /** Group that may use unix sockets; `gantry`, then `docker` where undefined. */
  readonly socketGroup?: string;
  /** Tells when the client of a connection that was taken over is gone. */
  readonly whenHungUp?: HangUpWatch;
}

const CONNECTION_OPTIONS: ServerOpts = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
};
/** Longest head of a request: registry credentials travel in headers. */
const LONGEST_HEAD_BYTES = 1024 * 1024;

/** The Engine API on as many listeners as are asked for. */
export class HttpApi implements AsyncDisposable {
  readonly #options: HttpApiOptions;
  readonly #router: Router;
  readonly #http: HttpServer;
  readonly #listeners: Server[] = [];
  readonly #cleanups: AsyncDisposable[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#router = new Router(
      options.endpoints,
      {
        "Api-Version": NEWEST_API_VERSION,
        "Docker-Experimental": String(options.experimental),
        Ostype: process.platform,
        Server: `Gantry/${options.engineVersion} (${process.platform})`,
      },
      options.logger,
      options.authorizer,
    );
    this.#http = this.#createHttpServer();
  }

  /**
   * Listens on `address` (`unix:///…`, `tcp://host:port`, `fd://`) until `close`; the address with the port that was
   * taken. Errors: invalidArgument; conflict where the address is taken.
   */
  async listen(address: string): Promise<string> {
    await this.#router.ready();
    const parsed = parseListenAddress(address, { tls: this.#options.tls !== undefined });
    if (parsed.kind === "unix") return await this.#listenUnix(parsed.path);
    if (parsed.kind === "tcp") return await this.#listenTcp(parsed);
    return await this.#listenInherited(address, parsed.name);
  }

  /**
   * Stops listening, lets running requests end for at most `graceMs`, then ends every connection, taken-over ones
   * too. Idempotent.
   */
  async close(graceMs = 0): Promise<void> {
    const closed = this.#listeners.splice(0).map((server) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      return promise;
    });
    this.#http.closeIdleConnections();
    const all = Promise.all(closed);
    await Promise.race([all, graceTimer(graceMs)]);
    for (const socket of this.#sockets) socket.destroy();
    await all;
    for (const cleanup of this.#cleanups.splice(0)) await cleanup[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #createHttpServer(): HttpServer {
    const server = createHttpServer(
      {
        maxHeaderSize: LONGEST_HEAD_BYTES,
        // Uploads and streams take as long as they take.
        requestTimeout: 0,
        keepAliveTimeout: 0,
        shouldUpgradeCallback: (request: IncomingMessage) => this.#router.hijacks(request),
      },
      (request, response) => this.#router.route(request, response),
    );
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const connection = new RawConnection(socket, head, this.#options.whenHungUp);
      this.#router.routeTakeover(request, { connection, legacy: isLegacyHijack(socket) });
    });
    return server;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // A connection that breaks concerns only its own request, which sees it close.
    socket.on("error", () => {});
    inspectFirstHead(socket, (inspected) => this.#http.emit("connection", inspected));
  }

  #netServer(): Server {
    return createNetServer(CONNECTION_OPTIONS, (socket) => this.#accept(socket));
  }

  #tlsServer(settings: TlsSettings): Server {
    const options: TlsOptions & ServerOpts = {
      ...CONNECTION_OPTIONS,
      cert: asBuffer(settings.certificate),
      key: asBuffer(settings.key),
      minVersion: "TLSv1.2",
      ...(settings.clientAuthorities === undefined
        ? {}
        : { ca: asBuffer(settings.clientAuthorities), requestCert: true, rejectUnauthorized: true }),
    };
    return createTlsServer(options, (socket) => this.#accept(socket));
  }

  async #listenUnix(path: string): Promise<string> {
    const names =
      this.#options.socketGroup === undefined ? ["gantry", "docker"] : [this.#options.socketGroup];
    const group = await findGroup(names);
    if (group === undefined && this.#options.socketGroup !== undefined) {
      throw invalidArgument(`group ${this.#options.socketGroup} not found`);
    }
    const server = this.#netServer();
    this.#cleanups.push(await listenOnUnixSocket(server, path, group));
    this.#listeners.push(server);
    return `unix://${path}`;
  }

  async #listenTcp({ host, port }: Extract<ListenAddress, { kind: "tcp" }>): Promise<string> {
    const { tls, allowInsecureTcp } = this.#options;
    if (!tls && !allowInsecureTcp && !isLoopback(host)) {
      throw invalidArgument(
        `refusing to listen on tcp://${host}:${port} without TLS: whoever reaches it controls this machine`,
        { hint: "use --tlsverify with certificates, listen on 127.0.0.1, or pass --allow-insecure-tcp" },
      );
    }
    const server = tls ? this.#tlsServer(tls) : this.#netServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => resolve());
    });
    this.#listeners.push(server);
    const bound = server.address() as AddressInfo;
    return `tcp://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  async #listenInherited(address: string, name: string): Promise<string> {
    for (const fd of inheritedDescriptors(name)) {
      const server = this.#netServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ fd }, () => resolve());
      });
      this.#listeners.push(server);
    }
    return address;
  }
}

function asBuffer(bytes: string | Uint8Array): string | Buffer {
  return typeof bytes === "string" ? bytes : Buffer.from(bytes);
}

function graceTimer(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

import type { Logger } from "../base/logger.ts";
import { type ApiBackends, allEndpoints, type EndpointOptions } from "./routes/mod.ts";
import { HttpApi, type TlsSettings } from "./server/api-server.ts";
import type { Authorizer } from "./server/authorization.ts";
import type { HangUpWatch } from "./server/hang-up.ts";

export type * from "./routes/mod.ts";
export type { HttpApi, TlsSettings } from "./server/api-server.ts";
export { parseListenAddress } from "./server/listen-address.ts";

export interface ApiServerOptions extends EndpointOptions {
  readonly backends: ApiBackends;
  readonly logger: Logger;
  /** Version of the engine, for the `Server` header. */
  readonly engineVersion: string;
  readonly experimental?: boolean;
  /** Certificates for TCP listeners; without them TCP is served on loopback only. */
  readonly tls?: TlsSettings;
  /** Serves TCP without TLS on any address: everybody who reaches the port controls the machine. */
  readonly allowInsecureTcp?: boolean;
  /** Is asked before every request and every answer; without it everything is allowed. */
  readonly authorizer?: Authorizer;
  /** Group that may use unix sockets; by default `gantry`, else `docker`, where they exist. */
  readonly socketGroup?: string;
  /** Tells when a client is gone that holds a unix connection with nothing to send to it. */
  readonly whenHungUp?: HangUpWatch;
}

/** The Engine API over these services. It serves on what `listen` is called with, until `close`. */
export function createApiServer(options: ApiServerOptions): HttpApi {
  return new HttpApi({
    endpoints: allEndpoints(options.backends, options),
    engineVersion: options.engineVersion,
    experimental: options.experimental ?? false,
    logger: options.logger,
    allowInsecureTcp: options.allowInsecureTcp ?? false,
    ...(options.authorizer && { authorizer: options.authorizer }),
    ...(options.tls && { tls: options.tls }),
    ...(options.whenHungUp && { whenHungUp: options.whenHungUp }),
    ...(options.socketGroup === undefined ? {} : { socketGroup: options.socketGroup }),
  });
}

import type { Endpoint } from "./endpoint.ts";

/** What an endpoint says of TLS, as options of a connection. */
export function tlsOptions(endpoint: Endpoint): object {
  if (endpoint.kind !== "tcp" || !endpoint.tls) return {};
  const { ca, cert, key, verify, serverName } = endpoint.tls;
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

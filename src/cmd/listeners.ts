import { join } from "node:path";
import { parseListenAddress } from "../api/mod.ts";

interface ListenSettings {
  readonly host: readonly string[];
  readonly tls: boolean;
  readonly tlsverify: boolean;
  readonly "exec-root": string;
}

/** Where the daemon listens: where it is told to, else on its socket, or with TLS where clients with TLS look. */
export function hostsOf(settings: ListenSettings): readonly string[] {
  if (settings.host.length > 0) return settings.host;
  return [settings.tls ? "tcp://localhost:2376" : `unix://${join(settings["exec-root"], "gantry.sock")}`];
}

const ADVICE = `
         Access to the remote API is equivalent to root access on the host. Refer
         to the 'Docker daemon attack surface' section in the documentation for
         more information: https://docs.docker.com/go/attack-surface/`;

const REMOVAL =
  "In future versions this will be a hard failure preventing the daemon from starting! Learn more at: https://docs.docker.com/go/api-security/";

/**
 * What `info` says of TCP listeners that ask nobody for a certificate. Errors: invalidArgument for what is no address.
 * Source: moby daemon/info.go, fillAPIInfo.
 */
export function tellExposedApi(settings: ListenSettings): string[] {
  const { tls, tlsverify } = settings;
  if (tlsverify) return [];
  return hostsOf(settings).flatMap((text) => {
    const address = parseListenAddress(text, { tls });
    if (address.kind !== "tcp") return [];
    const place = `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
    const how = tls
      ? `https://${place} without TLS client verification`
      : `http://${place} without encryption`;
    return [`[DEPRECATION NOTICE]: API is accessible on ${how}.${ADVICE}\n${REMOVAL}`];
  });
}

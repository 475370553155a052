import { type Logger, silentLogger } from "../base/logger.ts";
import { VERSION } from "../base/version.ts";
import { RegistryRemotes } from "../drivers/remote-registry/mod.ts";

export interface RegistryAccess {
  readonly insecureRegistries: readonly string[];
  readonly mirrors?: readonly string[];
  readonly logger?: Logger;
}

/** Registries as this program reaches them, with the certificates and proxies of this machine. */
export function openRegistries({
  insecureRegistries,
  mirrors = [],
  logger = silentLogger,
}: RegistryAccess): RegistryRemotes {
  return new RegistryRemotes({
    insecureRegistries,
    mirrors,
    certificateDirs: ["/etc/gantry/certs.d", "/etc/docker/certs.d"],
    environment: process.env,
    userAgent: `gantry/${VERSION}`,
    stallTimeoutMs: 60_000,
    attempts: 5,
    firstRetryDelayMs: 500,
    logger,
  });
}

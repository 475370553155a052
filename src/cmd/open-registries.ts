import { type Logger, silentLogger } from "../base/logger.ts";
import { VERSION } from "../base/version.ts";
import { RegistryRemotes } from "../drivers/remote-registry/mod.ts";

export interface RegistryAccess {
  readonly insecureRegistries: readonly string[];
  readonly mirrors?: readonly string[];
  /** Tries of one request in all. */
  readonly attempts?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly logger?: Logger;
}

/** Registries as this program reaches them, with the certificates and proxies of this machine. */
export function openRegistries({
  insecureRegistries,
  mirrors = [],
  attempts = 5,
  environment = process.env,
  logger = silentLogger,
}: RegistryAccess): RegistryRemotes {
  return new RegistryRemotes({
    insecureRegistries,
    mirrors,
    certificateDirs: ["/etc/gantry/certs.d", "/etc/docker/certs.d"],
    environment,
    userAgent: `gantry/${VERSION}`,
    stallTimeoutMs: 60_000,
    attempts,
    firstRetryDelayMs: 500,
    logger,
  });
}

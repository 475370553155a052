import { BlockList, isIP } from "node:net";
import { hostnameOf, isLoopbackAddress } from "../../base/host-name.ts";
import type { Logger } from "../../base/logger.ts";

/** How registries are reached; the daemon's `insecure-registries`, `registry-mirrors` and proxy keys. */
export interface RegistrySettings {
  /** `host`, `host:port` or a network in CIDR notation, as the operator wrote them. */
  readonly insecureRegistries: readonly string[];
  /** Addresses that are asked before docker.io, best first: `https://mirror.example`. */
  readonly mirrors: readonly string[];
  /** Folders with one folder a registry host: `*.crt` are CAs, `X.cert` with `X.key` a client certificate. */
  readonly certificateDirs: readonly string[];
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Addresses of a name; the system's resolver where left out. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly userAgent: string;
  /** A transfer that brings no byte for so long is given up and tried again. */
  readonly stallTimeoutMs: number;
  /** Tries of one request in all. */
  readonly attempts: number;
  /** Wait before the second try; doubled before each further one. */
  readonly firstRetryDelayMs: number;
  readonly logger: Logger;
}

/** Whether all of a name's addresses are in networks that may be reached without TLS. */
export function areInsecure(
  addresses: readonly string[],
  settings: Pick<RegistrySettings, "insecureRegistries">,
): boolean {
  const networks = settings.insecureRegistries.filter((entry) => entry.includes("/"));
  const isInside = (address: string) => networks.some((network) => isInNetwork(address, network));
  return addresses.length > 0 && addresses.every(isInside);
}

/**
 * Whether a registry may be reached without TLS. Decided on the text of the host alone: what a name resolves to is the
 * resolver's word, and an attacker who answers for one of several addresses must not turn TLS off (CVE-2026-92543).
 */
export function isInsecure(host: string, settings: Pick<RegistrySettings, "insecureRegistries">): boolean {
  const name = hostnameOf(host);
  if (name === "localhost" || isLoopbackAddress(name)) return true;
  return settings.insecureRegistries.some(
    (entry) => entry === host || entry === name || isInNetwork(name, entry),
  );
}

function isInNetwork(address: string, network: string): boolean {
  const match = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(network);
  const family = isIP(address);
  if (!match || family === 0 || isIP(match[1]!) !== family) return false;
  const list = new BlockList();
  list.addSubnet(match[1]!, Number(match[2]), family === 4 ? "ipv4" : "ipv6");
  return list.check(address, family === 4 ? "ipv4" : "ipv6");
}

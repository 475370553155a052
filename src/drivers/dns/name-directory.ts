import { isIPv4 } from "node:net";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import { bytesToIp, ipToBytes } from "../../os/linux/netlink/mod.ts";

export type Family = "ipv4" | "ipv6";

interface Entry {
  readonly endpoint: EndpointRecord;
  readonly networkName: string;
  readonly internal: boolean;
}

/** Names that lead to the host from every network that has a way to it. */
const HOST_NAMES: ReadonlySet<string> = new Set(["host.docker.internal", "gateway.docker.internal"]);

/** The names of endpoints, by network. Letters count the same in either case. */
export class NameDirectory {
  readonly #entries = new Map<string, Entry>();
  readonly #byContainer = new Map<string, Entry[]>();
  /** By network, then by lower-case name. */
  readonly #byName = new Map<string, Map<string, Entry[]>>();
  /** By network, then by address in its usual form. */
  readonly #byAddress = new Map<string, Map<string, Entry>>();

  add(network: NetworkRecord, endpoint: EndpointRecord): void {
    this.remove(endpoint.id);
    const entry = { endpoint, networkName: network.name, internal: network.internal };
    this.#entries.set(endpoint.id, entry);
    append(this.#byContainer, endpoint.containerId, entry);
    if (endpoint.dnsNames.length === 0) return;
    const names = this.#byName.get(endpoint.networkId) ?? new Map<string, Entry[]>();
    this.#byName.set(endpoint.networkId, names);
    for (const name of lowerNames(endpoint)) append(names, name, entry);
    const addresses = this.#byAddress.get(endpoint.networkId) ?? new Map<string, Entry>();
    this.#byAddress.set(endpoint.networkId, addresses);
    for (const address of addressesOf(endpoint)) addresses.set(address, entry);
  }

  /** Idempotent. */
  remove(endpointId: string): void {
    const entry = this.#entries.get(endpointId);
    if (!entry) return;
    const { endpoint } = entry;
    this.#entries.delete(endpointId);
    withdraw(this.#byContainer, endpoint.containerId, entry);
    const names = this.#byName.get(endpoint.networkId);
    if (names) {
      for (const name of lowerNames(endpoint)) withdraw(names, name, entry);
      if (names.size === 0) this.#byName.delete(endpoint.networkId);
    }
    const addresses = this.#byAddress.get(endpoint.networkId);
    for (const address of addressesOf(endpoint)) {
      if (addresses?.get(address) === entry) addresses.delete(address);
    }
    if (addresses?.size === 0) this.#byAddress.delete(endpoint.networkId);
  }

  /**
   * Addresses that a name leads to for a container, of that family; empty where the name has none of it, undefined where
   * nothing has the name.
   */
  resolve(containerId: string, name: string, family: Family): string[] | undefined {
    const own = this.#byContainer.get(containerId) ?? [];
    const lower = name.toLowerCase();
    return (
      this.#find(own, lower, undefined, family) ??
      this.#inNamedNetwork(own, lower, family) ??
      hostAddresses(own, lower, family)
    );
  }

  /** The name of the endpoint that has an address, for a container that shares a network with it. */
  reverse(containerId: string, address: string): string | undefined {
    const canonical = bytesToIp(ipToBytes(address));
    for (const { endpoint } of this.#byContainer.get(containerId) ?? []) {
      const found = this.#byAddress.get(endpoint.networkId)?.get(canonical);
      if (found) return `${found.endpoint.dnsNames[0]}.${found.networkName}`;
    }
    return undefined;
  }

  /** Whether the container is in a network that leads to the outside. */
  leadsOut(containerId: string): boolean {
    return (this.#byContainer.get(containerId) ?? []).some(({ internal }) => !internal);
  }

  /** `name.network` names a container in one of the asker's networks. */
  #inNamedNetwork(own: readonly Entry[], name: string, family: Family): string[] | undefined {
    for (const { networkName } of own) {
      const suffix = `.${networkName.toLowerCase()}`;
      if (!name.endsWith(suffix)) continue;
      const found = this.#find(own, name.slice(0, -suffix.length), networkName, family);
      if (found) return found;
    }
    return undefined;
  }

  #find(
    own: readonly Entry[],
    name: string,
    onlyNetwork: string | undefined,
    family: Family,
  ): string[] | undefined {
    for (const { endpoint, networkName } of own) {
      if (onlyNetwork !== undefined && networkName !== onlyNetwork) continue;
      const names = this.#byName.get(endpoint.networkId);
      const entries = names?.get(linkTarget(endpoint, name)) ?? names?.get(name);
      if (entries) return entries.flatMap((entry) => addressOf(entry.endpoint, family));
    }
    return undefined;
  }
}

/** What a name means to the asker itself: the container that it linked to under that name. */
function linkTarget({ links }: EndpointRecord, name: string): string {
  for (const link of links) {
    const [target = "", alias = target] = link.split(":");
    if (alias.toLowerCase() === name) return target.toLowerCase();
  }
  return name;
}

function hostAddresses(own: readonly Entry[], name: string, family: Family): string[] | undefined {
  if (!HOST_NAMES.has(name)) return undefined;
  const gateways = own.map(({ endpoint }) =>
    family === "ipv4" ? endpoint.ipv4Gateway : endpoint.ipv6Gateway,
  );
  const known = own.some(({ endpoint }) => endpoint.ipv4Gateway !== "" || endpoint.ipv6Gateway !== "");
  return known ? gateways.filter((gateway) => gateway !== "").slice(0, 1) : undefined;
}

function lowerNames({ dnsNames }: EndpointRecord): Set<string> {
  return new Set(dnsNames.map((name) => name.toLowerCase()));
}

function addressOf(endpoint: EndpointRecord, family: Family): string[] {
  const address = family === "ipv4" ? endpoint.ipv4Address : endpoint.ipv6Address;
  return address === "" ? [] : [address];
}

function addressesOf({ ipv4Address, ipv6Address }: EndpointRecord): string[] {
  return [ipv4Address, ipv6Address]
    .filter((address) => address !== "")
    .map((address) => (isIPv4(address) ? address : bytesToIp(ipToBytes(address))));
}

function append(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list) list.push(entry);
  else map.set(key, [entry]);
}

function withdraw(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const rest = (map.get(key) ?? []).filter((other) => other !== entry);
  if (rest.length > 0) map.set(key, rest);
  else map.delete(key);
}

import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import { internal, invalidArgument, messageOf, permissionDenied } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import { AF_INET, AF_INET6, type IpFamily } from "../../os/linux/netlink/mod.ts";
import {
  type AddressRequest,
  type IpamDriver,
  macAddressOf,
  Subnet,
  type TakenAddress,
  type TakenAddresses,
} from "../ipam/mod.ts";
import type { IpamPlugin } from "./ipam-plugin.ts";

type Family = "ipv4" | "ipv6";
type Options = Readonly<Record<string, string>>;

const MAC_ADDRESS = "com.docker.network.endpoint.macaddress";
const GATEWAY = "com.docker.network.gateway";
/** A plug-in may offer that many pools that the host has in use already. */
const MOST_OFFERS = 32;

interface KnownNetwork {
  readonly options: Options;
  readonly pools: readonly IpamPool[];
  /** Addresses that endpoints had when this engine started, to be told to a plug-in that forgets. */
  readonly restored: string[];
}

/**
 * Addresses that a plug-in hands out. The plug-in is not asked before somebody needs an address, so that one that is
 * down or hangs holds up nothing else. Source: docker's "IPAM drivers", the remote protocol.
 */
export class IpamPluginDriver implements IpamDriver {
  readonly #plugin: IpamPlugin;
  readonly #logger: Logger;
  readonly #networks = new Map<string, KnownNetwork>();
  /** Networks of an earlier engine, about which a plug-in may have to be told again. */
  readonly #untold = new Map<string, KnownNetwork>();

  constructor(plugin: IpamPlugin, logger: Logger) {
    this.#plugin = plugin;
    this.#logger = logger;
  }

  async planNetwork(
    network: NetworkRecord,
    inUse: readonly Subnet[],
    gatewayless: readonly IpFamily[] = [],
  ): Promise<IpamPool[]> {
    const space = await this.#plugin.addressSpaces();
    const pools: IpamPool[] = [];
    try {
      for (const { family, wanted } of poolsWanted(network)) {
        const avoid = wanted.subnet === "" ? inUse : [];
        const offer = await this.#pool(space.local, network, wanted, family, avoid);
        pools.push(offer.pool);
        const gateway = wanted.gateway ?? offer.gateway;
        const needsGateway = !gatewayless.includes(family === "ipv4" ? AF_INET : AF_INET6);
        if (offer.gateway === undefined && (gateway !== undefined || needsGateway)) {
          pools[pools.length - 1] = await this.#withGateway(offer.pool, gateway);
        } else if (gateway !== undefined) pools[pools.length - 1] = { ...offer.pool, gateway };
        await this.#takeAuxiliary(offer.pool);
      }
    } catch (error) {
      await this.#releasePools(pools);
      throw error;
    }
    this.#networks.set(network.id, { options: network.ipamOptions, pools, restored: [] });
    return pools;
  }

  restoreNetwork({ id, pools, ipamOptions }: NetworkRecord): void {
    if (this.#networks.has(id)) return;
    const network = { options: ipamOptions, pools, restored: [] };
    this.#networks.set(id, network);
    this.#untold.set(id, network);
  }

  async removeNetwork(networkId: string): Promise<void> {
    const network = this.#networks.get(networkId);
    this.#networks.delete(networkId);
    this.#untold.delete(networkId);
    if (network) await this.#releasePools(network.pools);
  }

  async takeAddresses(network: NetworkRecord, requested: AddressRequest): Promise<TakenAddresses> {
    const known = this.#networks.get(network.id);
    const { needsMacAddress } = await this.#plugin.capabilities();
    await this.#tellAgain(network.id);
    const picked =
      needsMacAddress && requested.macAddress === undefined ? macAddressOf(randomBytes(4)) : undefined;
    const mac = requested.macAddress ?? picked;
    const options: Options = needsMacAddress && mac !== undefined ? { [MAC_ADDRESS]: mac } : {};
    const pools = known?.pools ?? network.pools;
    const ipv4 = await this.#take(pools, "ipv4", requested.ipv4, options);
    try {
      const ipv6 = requested.withoutIpv6
        ? undefined
        : await this.#take(pools, "ipv6", requested.ipv6, options);
      return {
        ...(ipv4 ? { ipv4 } : {}),
        ...(ipv6 ? { ipv6 } : {}),
        ...(picked === undefined ? {} : { macAddress: picked }),
      };
    } catch (error) {
      if (ipv4) await this.releaseAddress(network.id, ipv4.address);
      throw error;
    }
  }

  restoreAddress(networkId: string, address: string): void {
    this.#untold.get(networkId)?.restored.push(address);
  }

  /** What the plug-in says is logged: the endpoint is gone, whatever it answers. Source: moby, releaseIPAddresses. */
  async releaseAddress(networkId: string, address: string): Promise<void> {
    const pool = poolOf(this.#networks.get(networkId)?.pools ?? [], address);
    if (pool)
      await this.#quietly("an address was not released", () => this.#plugin.releaseAddress(pool, address));
  }

  async #pool(
    space: string,
    network: NetworkRecord,
    wanted: IpamPool,
    family: Family,
    avoid: readonly Subnet[],
  ): Promise<{ readonly pool: IpamPool; readonly gateway: string | undefined }> {
    const refused: IpamPool[] = [];
    try {
      while (refused.length < MOST_OFFERS) {
        const offer = await this.#plugin.requestPool(space, wanted, network.ipamOptions, family);
        const subnet = Subnet.parse(offer.subnet);
        const { auxAddresses, ipRange } = wanted;
        const pool = {
          ...(ipRange === undefined ? {} : { ipRange }),
          ...(auxAddresses === undefined ? {} : { auxAddresses }),
          subnet: offer.subnet,
          poolId: offer.poolId,
        };
        if (subnet.prefixLength === 0 || !avoid.some((other) => other.overlaps(subnet))) {
          return { pool, gateway: offer.gateway };
        }
        // Kept until another one is found, lest the plug-in offers it again.
        refused.push(pool);
      }
    } finally {
      await this.#releasePools(refused);
    }
    throw internal("the address pools that the IPAM plug-in offers are in use on this host");
  }

  async #withGateway(pool: IpamPool, wanted: string | undefined): Promise<IpamPool> {
    try {
      const options = { RequestAddressType: GATEWAY };
      const { address } = await this.#plugin.requestAddress(pool, wanted, options);
      return { ...pool, gateway: address };
    } catch (error) {
      throw internal(`failed to allocate gateway (${wanted ?? ""}): ${messageOf(error)}`, { cause: error });
    }
  }

  async #takeAuxiliary(pool: IpamPool): Promise<void> {
    for (const [name, address] of Object.entries(pool.auxAddresses ?? {})) {
      if (!Subnet.parse(pool.subnet).contains(Subnet.host(address))) {
        throw permissionDenied(
          `auxiliary address: (${name}:${address}) must belong to the master pool: ${pool.subnet}`,
        );
      }
      try {
        await this.#plugin.requestAddress(pool, address, {});
      } catch (error) {
        throw internal(`failed to allocate secondary ip address (${name}:${address}): ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
  }

  async #take(
    pools: readonly IpamPool[],
    family: Family,
    requested: string | undefined,
    options: Options,
  ): Promise<TakenAddress | undefined> {
    const candidates = pools.filter((pool) => familyOf(pool.subnet) === family);
    const pool = requested === undefined ? candidates[0] : poolOf(candidates, requested);
    if (pool) {
      const taken = await this.#plugin.requestAddress(pool, requested, options);
      return { ...taken, gateway: pool.gateway ?? "" };
    }
    if (requested === undefined) return undefined;
    throw invalidArgument(
      `invalid address ${requested}: It does not belong to any of this network's subnets`,
    );
  }

  /** A plug-in that keeps nothing hears of the network's pools and addresses before it is asked for another one. */
  async #tellAgain(networkId: string): Promise<void> {
    const network = this.#untold.get(networkId);
    if (!network) return;
    if ((await this.#plugin.capabilities()).needsReplay) {
      const space = await this.#plugin.addressSpaces();
      for (const pool of network.pools) {
        await this.#plugin.requestPool(space.local, pool, network.options, familyOf(pool.subnet));
        const gateway = pool.gateway === undefined ? [] : [pool.gateway];
        const inside = network.restored.filter((address) => poolOf([pool], address));
        for (const address of [...gateway, ...Object.values(pool.auxAddresses ?? {}), ...inside]) {
          await this.#quietly("an address was not taken again", async () => {
            await this.#plugin.requestAddress(pool, address, {});
          });
        }
      }
    }
    this.#untold.delete(networkId);
  }

  async #releasePools(pools: readonly IpamPool[]): Promise<void> {
    for (const pool of pools) {
      const addresses = [pool.gateway, ...Object.values(pool.auxAddresses ?? {})];
      for (const address of addresses) {
        if (address === undefined) continue;
        await this.#quietly("an address was not released", () => this.#plugin.releaseAddress(pool, address));
      }
      await this.#quietly("an address pool was not released", () => this.#plugin.releasePool(pool));
    }
  }

  async #quietly(what: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#logger.warn({ plugin: this.#plugin.name, reason: messageOf(error) }, what);
    }
  }
}

function familyOf(subnet: string): Family {
  return isIPv6(subnet.split("/")[0]!) ? "ipv6" : "ipv4";
}

function poolOf(pools: readonly IpamPool[], address: string): IpamPool | undefined {
  const host = Subnet.host(address);
  return pools.find(({ subnet }) => Subnet.parse(subnet).contains(host));
}

/** A pool of each enabled family at the least, those that the user named first. */
function poolsWanted(network: NetworkRecord): Array<{ readonly family: Family; readonly wanted: IpamPool }> {
  const enabled = { ipv4: network.enableIpv4, ipv6: network.enableIpv6 };
  return (["ipv4", "ipv6"] as const).flatMap((family) => {
    if (!enabled[family]) return [];
    const named = network.pools.filter(({ subnet }) => subnet !== "" && familyOf(subnet) === family);
    return (named.length > 0 ? named : [{ subnet: "" }]).map((wanted) => ({ family, wanted }));
  });
}

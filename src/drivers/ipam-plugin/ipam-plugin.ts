import { isIP } from "node:net";
import type { IpamPool } from "../../core/networks/network-record.ts";
import { Subnet } from "../ipam/mod.ts";
import { type CallOptions, type ConnectPlugin, PluginRefusal, type Reply } from "../plugin-client/mod.ts";

const WORK: CallOptions = { timeoutMs: 30_000, errorField: "Error", refusalPrefix: "remote: " };
/** What gives things back is not tried again: whoever waits for it ends. */
const CLEANUP: CallOptions = { ...WORK, timeoutMs: 10_000, retryForMs: 0 };

export interface IpamCapabilities {
  /** It wants to know the MAC address of whoever gets an address. */
  readonly needsMacAddress: boolean;
  /** It keeps nothing, and hears of every pool and address again after a restart of the engine. */
  readonly needsReplay: boolean;
}

export interface PoolOffer {
  readonly poolId: string;
  /** In CIDR notation. */
  readonly subnet: string;
  readonly gateway: string | undefined;
}

export interface PluginAddress {
  readonly address: string;
  readonly prefixLength: number;
}

/** The calls of an IPAM plug-in, their answers checked. Errors: internal (it says no), unavailable, notFound. */
export class IpamPlugin {
  readonly name: string;
  readonly #connect: ConnectPlugin;
  #capabilities: IpamCapabilities | undefined;

  constructor(name: string, connect: ConnectPlugin) {
    this.name = name;
    this.#connect = connect;
  }

  /** One that does not know the question needs nothing. */
  async capabilities(): Promise<IpamCapabilities> {
    this.#capabilities ??= await this.#askCapabilities();
    return this.#capabilities;
  }

  async addressSpaces(): Promise<{ readonly local: string; readonly global: string }> {
    const reply = await this.#call("GetDefaultAddressSpaces", undefined);
    return { local: reply.text("LocalDefaultAddressSpace"), global: reply.text("GlobalDefaultAddressSpace") };
  }

  async requestPool(
    space: string,
    { subnet, ipRange = "" }: Pick<IpamPool, "subnet" | "ipRange">,
    options: Readonly<Record<string, string>>,
    family: "ipv4" | "ipv6",
  ): Promise<PoolOffer> {
    const reply = await this.#call("RequestPool", {
      AddressSpace: space,
      Pool: subnet,
      SubPool: ipRange,
      Options: options,
      V6: family === "ipv6",
    });
    const pool = readPrefix(reply, "Pool", reply.text("Pool"));
    if (pool.family !== family) throw reply.refuse(`${pool.text} is not a pool of ${family}`);
    const gateway = reply.textMap("Data")["com.docker.network.gateway"];
    return {
      poolId: reply.text("PoolID"),
      subnet: pool.subnet.toString(),
      gateway: gateway === undefined ? undefined : readPrefix(reply, "gateway", gateway).address,
    };
  }

  async releasePool({ poolId = "" }: IpamPool): Promise<void> {
    await this.#call("ReleasePool", { PoolID: poolId }, CLEANUP);
  }

  /** An address of the pool, the wanted one where one is given. */
  async requestAddress(
    { poolId = "", subnet }: IpamPool,
    wanted: string | undefined,
    options: Readonly<Record<string, string>>,
  ): Promise<PluginAddress> {
    const request = { PoolID: poolId, Address: wanted ?? "", Options: options };
    const reply = await this.#call("RequestAddress", request);
    const text = reply.text("Address");
    if (text === "") throw new PluginRefusal("no address returned");
    const { address, length } = readPrefix(reply, "Address", text);
    if (!Subnet.parse(subnet).contains(Subnet.host(address))) {
      throw reply.refuse(`${address} is outside of the pool ${subnet}`);
    }
    return { address, prefixLength: length };
  }

  async releaseAddress({ poolId = "" }: IpamPool, address: string): Promise<void> {
    await this.#call("ReleaseAddress", { PoolID: poolId, Address: address }, CLEANUP);
  }

  async #askCapabilities(): Promise<IpamCapabilities> {
    try {
      const reply = await this.#call("GetCapabilities", undefined);
      return {
        needsMacAddress: reply.flag("RequiresMACAddress"),
        needsReplay: reply.flag("RequiresRequestReplay"),
      };
    } catch (error) {
      if (error instanceof PluginRefusal) return { needsMacAddress: false, needsReplay: false };
      throw error;
    }
  }

  async #call(method: string, body: object | undefined, options = WORK): Promise<Reply> {
    const client = await this.#connect(options.retryForMs);
    return await client.call(`IpamDriver.${method}`, body, options);
  }
}

/** An address with its prefix length, as plug-ins give addresses and pools. */
function readPrefix(reply: Reply, field: string, text: string) {
  const [address = "", length = "", ...rest] = text.split("/");
  const version = isIP(address);
  const fits = /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
  if (version === 0 || !fits || rest.length > 0) {
    throw reply.refuse(`${field}: invalid CIDR address: ${text}`);
  }
  const family: "ipv4" | "ipv6" = version === 4 ? "ipv4" : "ipv6";
  return { text, address, length: Number(length), family, subnet: Subnet.parse(text) };
}

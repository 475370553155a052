import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import { AF_INET, AF_INET6, type IpFamily } from "../../os/linux/netlink/mod.ts";
import { type CallOptions, type ConnectPlugin, PluginRefusal, type Reply } from "../plugin-client/mod.ts";
import { endpointOptions, networkMessage, networkOptions, readPorts, sandboxOptions } from "./messages.ts";
import { type NetworkPluginCapabilities, readCapabilities } from "./replies.ts";

const WORK: CallOptions = { timeoutMs: 30_000, refusalPrefix: "remote: " };
/** What takes things down is not tried again: a container that ends does not wait for a plug-in that is gone. */
const CLEANUP: CallOptions = { ...WORK, timeoutMs: 10_000, retryForMs: 0 };

type EndpointName = Pick<EndpointRecord, "id" | "networkId">;

/** The calls of a network plug-in. Errors: internal (it says no), unavailable, notFound. */
export class NetworkPlugin {
  readonly name: string;
  readonly #connect: ConnectPlugin;
  #capabilities: NetworkPluginCapabilities | undefined;

  constructor(name: string, connect: ConnectPlugin) {
    this.name = name;
    this.#connect = connect;
  }

  async capabilities(): Promise<NetworkPluginCapabilities> {
    this.#capabilities ??= readCapabilities(await this.#call("GetCapabilities", undefined));
    return this.#capabilities;
  }

  /** Families whose pools need no gateway. */
  async familiesWithoutGateway(network: NetworkRecord): Promise<IpFamily[]> {
    if (!(await this.capabilities()).checksGateways) return [];
    const reply = await this.#call("GwAllocCheck", { Options: networkOptions(network) });
    return [
      ...(reply.flag("SkipIPv4") ? [AF_INET as IpFamily] : []),
      ...(reply.flag("SkipIPv6") ? [AF_INET6 as IpFamily] : []),
    ];
  }

  async createNetwork(network: NetworkRecord): Promise<void> {
    await this.#call("CreateNetwork", networkMessage(network));
  }

  async deleteNetwork({ id }: NetworkRecord): Promise<void> {
    await this.#call("DeleteNetwork", { NetworkID: id }, CLEANUP);
  }

  /** What the plug-in adds to the endpoint. */
  async createEndpoint(endpoint: EndpointRecord): Promise<Reply> {
    const prefixed = (address: string, length: number) => (address === "" ? "" : `${address}/${length}`);
    return await this.#call("CreateEndpoint", {
      ...nameOf(endpoint),
      Interface: {
        Address: prefixed(endpoint.ipv4Address, endpoint.ipv4PrefixLength),
        AddressIPv6: prefixed(endpoint.ipv6Address, endpoint.ipv6PrefixLength),
        MacAddress: endpoint.macAddress,
      },
      Options: endpointOptions(endpoint),
    });
  }

  async deleteEndpoint(endpoint: EndpointName): Promise<void> {
    await this.#call("DeleteEndpoint", nameOf(endpoint), CLEANUP);
  }

  /** How the container is to get in: `readJoin` reads it. */
  async join(endpoint: EndpointRecord, sandboxPath: string): Promise<Reply> {
    const request = { ...nameOf(endpoint), SandboxKey: sandboxPath, Options: sandboxOptions(endpoint) };
    return await this.#call("Join", request);
  }

  async leave(endpoint: EndpointName): Promise<void> {
    await this.#call("Leave", nameOf(endpoint), CLEANUP);
  }

  /** The endpoint is its container's way out. A plug-in that does not know the call does without. */
  async openExit(endpoint: EndpointRecord): Promise<void> {
    const request = { ...nameOf(endpoint), Options: sandboxOptions(endpoint) };
    await this.#callIfKnown("ProgramExternalConnectivity", request, WORK);
  }

  async closeExit(endpoint: EndpointName): Promise<void> {
    await this.#callIfKnown("RevokeExternalConnectivity", nameOf(endpoint), CLEANUP);
  }

  /** Published ports of the endpoint, as the plug-in has them. */
  async portsOf(endpoint: EndpointName): Promise<EndpointRecord["ports"]> {
    const reply = await this.#callIfKnown("EndpointOperInfo", nameOf(endpoint), WORK);
    return readPorts(reply?.object("Value"));
  }

  async #callIfKnown(method: string, body: object, options: CallOptions): Promise<Reply | undefined> {
    try {
      return await this.#call(method, body, options);
    } catch (error) {
      if (error instanceof PluginRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async #call(method: string, body: object | undefined, options = WORK): Promise<Reply> {
    const client = await this.#connect(options.retryForMs);
    return await client.call(`NetworkDriver.${method}`, body, options);
  }
}

function nameOf({ id, networkId }: EndpointName) {
  return { NetworkID: networkId, EndpointID: id };
}

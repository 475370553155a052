import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { JoinOptions, NetworkDriver, Sandbox } from "../../core/networks/network-driver.ts";
import type {
  EndpointRecord,
  EndpointRequest,
  NetworkRecord,
  PortBinding,
} from "../../core/networks/network-record.ts";
import type { IpamDriver } from "../ipam/mod.ts";
import { type InterfaceNames, newEndpoint, setDefaultRoutes } from "../network-sandbox/mod.ts";
import { PluginRefusal } from "../plugin-client/mod.ts";
import type { NetworkPlugin } from "./network-plugin.ts";
import { giveLinkBack, takeLink } from "./plugin-link.ts";
import { type JoinReply, readInterface, readJoin } from "./replies.ts";

const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

export interface NetworkPluginDriverOptions {
  readonly plugin: NetworkPlugin;
  readonly ipam: IpamDriver;
  readonly interfaces: InterfaceNames;
  readonly logger: Logger;
  /** Network namespace of the host's part, a file; the process's own by default. */
  readonly hostNamespace?: string;
}

/**
 * Networks that a plug-in makes. It is asked while networks and endpoints are made and given back and at no other time, so
 * that one that is down keeps no engine from starting; what fails while things are taken down is logged, and they are
 * gone. Source: docker's "Remote drivers", moby, libnetwork.
 */
export class NetworkPluginDriver implements NetworkDriver {
  readonly name: string;
  readonly #options: NetworkPluginDriverOptions;
  readonly #plugin: NetworkPlugin;
  /** Networks that the plug-in refused to make: it is not asked to delete them. */
  readonly #refused = new Set<string>();

  constructor(options: NetworkPluginDriverOptions) {
    this.#options = options;
    this.#plugin = options.plugin;
    this.name = options.plugin.name;
  }

  async plan(network: NetworkRecord): Promise<NetworkRecord> {
    const { scope } = await this.#plugin.capabilities();
    const gatewayless = await this.#plugin.familiesWithoutGateway(network);
    const pools = await this.#options.ipam.planNetwork(network, [], gatewayless);
    return { ...network, ...(scope === "global" ? { scope } : {}), pools };
  }

  async createNetwork(network: NetworkRecord): Promise<void> {
    this.#options.ipam.restoreNetwork(network);
    try {
      await this.#plugin.createNetwork(network);
    } catch (error) {
      if (error instanceof PluginRefusal) this.#refused.add(network.id);
      throw error;
    }
  }

  async deleteNetwork(network: NetworkRecord): Promise<void> {
    if (!this.#refused.delete(network.id)) {
      await this.#quietly("deleting a network", () => this.#plugin.deleteNetwork(network));
    }
    await this.#options.ipam.removeNetwork(network.id);
  }

  async allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord> {
    const { ipam } = this.#options;
    ipam.restoreNetwork(network);
    const taken = await ipam.takeAddresses(network, {
      ipv4: request.ipv4Address,
      ipv6: request.ipv6Address,
      macAddress: request.macAddress,
      withoutIpv6: request.withoutIpv6,
    });
    const wanted: EndpointRecord = {
      ...newEndpoint(network, request, taken),
      // Where nobody asks for one, the plug-in's link has one of its own.
      macAddress: request.macAddress ?? taken.macAddress ?? "",
      ports: request.ports,
    };
    try {
      return await this.#createEndpoint(wanted);
    } catch (error) {
      await this.#releaseAddresses(wanted);
      throw error;
    }
  }

  async restoreEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    const { ipam, interfaces } = this.#options;
    ipam.restoreNetwork(network);
    for (const address of addressesOf(endpoint)) ipam.restoreAddress(network.id, address);
    if (endpoint.interfaceName === "") return;
    interfaces.restore(endpoint.containerId, endpoint.id, endpoint.interfaceName);
  }

  async join(
    _network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<EndpointRecord> {
    const reply = await this.#plugin.join(endpoint, sandbox.path);
    let joined: EndpointRecord = endpoint;
    try {
      joined = this.#takeLink(endpoint, sandbox, readJoin(reply), options);
      const { ipv4, ipv6 } = options.defaultRoute;
      if (ipv4 || ipv6) await this.#plugin.openExit(joined);
      return { ...joined, ports: await this.#plugin.portsOf(joined) };
    } catch (error) {
      await this.leave(_network, joined, sandbox);
      throw error;
    }
  }

  async changePorts(
    _network: NetworkRecord,
    endpoint: EndpointRecord,
    ports: readonly PortBinding[],
  ): Promise<EndpointRecord> {
    return { ...endpoint, ports };
  }

  async adjust(
    _network: NetworkRecord,
    _before: EndpointRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<void> {
    const { ipv4, ipv6 } = options.defaultRoute;
    if (endpoint.interfaceName !== "") setDefaultRoutes(endpoint, sandbox.path, options.defaultRoute);
    if (ipv4 || ipv6) await this.#plugin.openExit(endpoint);
    else await this.#quietly("closing a way out", () => this.#plugin.closeExit(endpoint));
  }

  /** Nobody but the plug-in knows what it made. */
  isLinkMissing(): boolean {
    return false;
  }

  async leave(
    _network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox | undefined,
  ): Promise<void> {
    const { hostNamespace, interfaces } = this.#options;
    await this.#quietly("leaving a network", () => this.#plugin.leave(endpoint));
    if (sandbox) {
      await this.#quietly("giving a link back", async () => giveLinkBack(endpoint, sandbox, hostNamespace));
    }
    interfaces.release(endpoint.containerId, endpoint.id);
  }

  async releaseEndpoint(_network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    await this.#quietly("deleting an endpoint", () => this.#plugin.deleteEndpoint(endpoint));
    await this.#releaseAddresses(endpoint);
  }

  // The plug-in keeps its networks through restarts of the engine, and the engine cannot see into them.
  async reconcile(): Promise<void> {}
  async close(): Promise<void> {}

  async #createEndpoint(wanted: EndpointRecord): Promise<EndpointRecord> {
    const reply = await this.#plugin.createEndpoint(wanted);
    try {
      return { ...wanted, ...readInterface(reply, wanted) };
    } catch (error) {
      await this.#quietly("deleting an endpoint", () => this.#plugin.deleteEndpoint(wanted));
      throw error;
    }
  }

  #takeLink(
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    { link, ipv4Gateway, ipv6Gateway, routes }: JoinReply,
    options: JoinOptions,
  ): EndpointRecord {
    const { hostNamespace, interfaces } = this.#options;
    if (!link) return { ...endpoint, ipv4Gateway, ipv6Gateway };
    const wanted = endpoint.driverOptions[INTERFACE_NAME_OPTION] || undefined;
    const interfaceName = interfaces.take(endpoint.containerId, endpoint.id, wanted, link.prefix);
    const hostInterfaceName = link.sourceName;
    const named = { ...endpoint, ipv4Gateway, ipv6Gateway, interfaceName, hostInterfaceName };
    return { ...named, macAddress: takeLink(named, sandbox, routes, options, hostNamespace) };
  }

  async #releaseAddresses(endpoint: EndpointRecord): Promise<void> {
    for (const address of addressesOf(endpoint)) {
      await this.#options.ipam.releaseAddress(endpoint.networkId, address);
    }
  }

  async #quietly(what: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#options.logger.warn({ plugin: this.name, reason: messageOf(error) }, what);
    }
  }
}

function addressesOf({ ipv4Address, ipv6Address }: EndpointRecord): string[] {
  return [ipv4Address, ipv6Address].filter((address) => address !== "");
}

import { messageOf } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type {
  AddressUse,
  JoinOptions,
  LeaveOptions,
  NetworkDriver,
  Sandbox,
} from "../../core/networks/network-driver.ts";
import type {
  EndpointRecord,
  EndpointRequest,
  NetworkRecord,
  PortBinding,
} from "../../core/networks/network-record.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { EngineFirewall, type Firewall, NoFirewall } from "../firewall-nftables/mod.ts";
import { type AddressPool, Ipam, type IpamDriver } from "../ipam/mod.ts";
import { InterfaceNames, newEndpoint, setDefaultRoutes } from "../network-sandbox/mod.ts";
import { PortProxies } from "../port-proxy/mod.ts";
import { deleteBridge, ensureBridge, type Host } from "./bridge-link.ts";
import {
  defaultBridgeOptions,
  INTERFACE_NAME_OPTION,
  OPTION,
  readBridgeSettings,
  refuseAdvertising,
} from "./bridge-settings.ts";
import { deleteEndpointLink, isPairMissing, makeEndpointLink, restoreBridge } from "./endpoint-link.ts";
import { hostHasIpv6, type PublishingHost, takeEndpointPorts } from "./endpoint-ports.ts";
import { gatewaylessFamilies, withConfiguredGateways } from "./gateways.ts";
import { HostPorts } from "./host-ports.ts";
import { removeIdleBridges } from "./idle-bridges.ts";
import { ensureInputLoop, INPUT_LOOP_ID } from "./input-loop.ts";
import { LinkOwner } from "./link-owner.ts";
import { LinkWatch } from "./link-watch.ts";
import { MadeLinks } from "./made-links.ts";
import { NetworkRules } from "./network-rules.ts";
import { removeStrayLinks } from "./stray-links.ts";
import { subnetsInUse } from "./subnets-in-use.ts";

/** The network that exists without anyone making it. Source: docker, `docker network ls`. */
const DEFAULT_NETWORK = "bridge";
const DOCKER_BRIDGE = "docker0";

export interface BridgeDriverOptions {
  /** Names everything that this engine makes in the kernel; the same after a restart, another for another engine. */
  readonly engineId: string;
  /** Whether the default bridge may be called `docker0` where that name is free. */
  readonly claimDocker0: boolean;
  /** `default-address-pools`. */
  readonly addressPools?: readonly AddressPool[];
  /** Addresses and names that other drivers of the engine hand out as well; its own by default. */
  readonly ipam?: IpamDriver;
  readonly interfaces?: InterfaceNames;
  /** Whether the host is told to forward packets. Default true. */
  readonly forwarding?: boolean;
  /** Whether packets are filtered and ports published. Default true. */
  readonly packetFilter?: boolean;
  /** Whether that goes for IPv6, too. Default true. */
  readonly packetFilterIpv6?: boolean;
  /** Whether published ports obey the host's own input rules. Default false: they pass them by. */
  readonly respectInputRules?: boolean;
  /** Whether published ports are open at the containers' own addresses, too. Default false. */
  readonly allowDirectRouting?: boolean;
  /**
   * Whether proxies serve what the kernel cannot lead to containers. They speak from the process's own namespace. Default
   * false; containers that run keep the proxies that they were published with.
   */
  readonly portProxies?: boolean;
  /** A bridge that the administrator made for the default network. */
  readonly foreignBridge?: string;
  /** Notices what others do to the rules; without one nothing does. */
  readonly reactor?: Reactor;
  /** Network namespace of the host's part, a file; the process's own by default. */
  readonly hostNamespace?: string;
  readonly logger?: Logger;
}

/**
 * Networks of one host: a bridge each, a veth pair for each endpoint, ports published by the engine's firewall table.
 * What it makes in the kernel outlives it, as containers do; host ports are held by this process and taken again by
 * `restoreEndpoint`.
 */
export class BridgeDriver implements NetworkDriver {
  readonly name = "bridge";
  readonly #options: BridgeDriverOptions;
  readonly #logger: Logger;
  readonly #owner: LinkOwner;
  readonly #ipam: IpamDriver;
  readonly #ports: HostPorts;
  readonly #interfaces: InterfaceNames;
  readonly #firewall: Firewall;
  readonly #rules: NetworkRules;
  /** Endpoints whose links the kernel takes away with their sandboxes, or has taken. */
  readonly #ending = new Map<string, EndpointRecord>();
  readonly #made: MadeLinks;
  #watch: LinkWatch | undefined;
  #socket: nl.NetlinkSocket | undefined;

  constructor(options: BridgeDriverOptions) {
    const { engineId, hostNamespace, addressPools } = options;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#owner = new LinkOwner(engineId);
    this.#made = new MadeLinks(this.#owner);
    this.#ipam = options.ipam ?? new Ipam({ engineId, ...(addressPools ? { pools: addressPools } : {}) });
    this.#interfaces = options.interfaces ?? new InterfaceNames();
    this.#ports = new HostPorts(new PortProxies({ logger: this.#logger }), hostNamespace);
    this.#rules = new NetworkRules(options.allowDirectRouting ?? false, options.portProxies ?? false);
    this.#firewall =
      options.packetFilter === false
        ? new NoFirewall()
        : new EngineFirewall({
            engineId,
            logger: this.#logger,
            ...(options.reactor ? { reactor: options.reactor } : {}),
            filtersIpv6: options.packetFilterIpv6 ?? true,
            ...(options.respectInputRules
              ? { ensureInputLoop: () => ensureInputLoop(this.#host(), engineId) }
              : {}),
            ...(hostNamespace === undefined ? {} : { namespace: hostNamespace }),
          });
  }

  async plan(network: NetworkRecord): Promise<NetworkRecord> {
    refuseAdvertising(network);
    const isDefault = network.name === DEFAULT_NETWORK;
    const options = isDefault ? defaultBridgeOptions(network, this.#defaultBridgeName()) : network.options;
    const settings = readBridgeSettings({ ...network, options });
    const gatewayless = gatewaylessFamilies(network, settings);
    const pools = await this.#ipam.planNetwork(network, subnetsInUse(this.#host()), gatewayless);
    // Stored, so that the name can never be another one after a restart.
    const named = settings.defaultBridge ? { ...options, [OPTION.name]: settings.bridge } : options;
    return { ...network, options: named, pools };
  }

  async createNetwork(network: NetworkRecord): Promise<void> {
    const settings = readBridgeSettings(network);
    this.#ipam.restoreNetwork(network);
    ensureBridge(this.#host(), network, settings);
    await this.#firewall.addBridge(this.#rules.bridge(network));
    this.#made.add(network.id);
  }

  async deleteNetwork(network: NetworkRecord): Promise<void> {
    const settings = readBridgeSettings(network);
    this.#made.delete(network.id);
    await this.#firewall.removeBridge(settings.bridge);
    deleteBridge(this.#host(), network, settings);
    await this.#ipam.removeNetwork(network.id);
  }

  async allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord> {
    const settings = readBridgeSettings(network);
    this.#ipam.restoreNetwork(network);
    this.#finishEnding();
    const taken = await this.#ipam.takeAddresses(network, {
      ipv4: request.ipv4Address,
      ipv6: request.ipv6Address,
      macAddress: request.macAddress,
      withoutIpv6: request.withoutIpv6,
    });
    const plain = withConfiguredGateways(network, newEndpoint(network, request, taken));
    const unpublished = { ...plain, hostInterfaceName: `veth${plain.id.slice(0, 7)}` };
    try {
      const wantedName = request.interfaceName ?? request.driverOptions[INTERFACE_NAME_OPTION];
      const interfaceName = this.#interfaces.take(
        request.containerId,
        unpublished.id,
        wantedName || undefined,
        settings.interfacePrefix,
      );
      const ports =
        network.internal || request.ports.length === 0
          ? []
          : takeEndpointPorts(this.#ports, unpublished, request.ports, settings, this.#publishingHost());
      return { ...unpublished, interfaceName, ports };
    } catch (error) {
      await this.#giveBack(network, unpublished);
      throw error;
    }
  }

  async restoreEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    this.#ipam.restoreNetwork(network);
    for (const address of [endpoint.ipv4Address, endpoint.ipv6Address]) {
      if (address !== "") this.#ipam.restoreAddress(network.id, address);
    }
    this.#interfaces.restore(endpoint.containerId, endpoint.id, endpoint.interfaceName);
    for (const binding of endpoint.ports) {
      if (binding.hostPort === 0) continue;
      try {
        this.#ports.restore(endpoint.id, binding, this.#rules.placeOf(endpoint, binding));
      } catch (error) {
        // The container runs and its port leads to it all the same; a program that bound it meanwhile gets nothing.
        this.#logger.warn(
          { endpoint: endpoint.id, container: endpoint.containerId, error: messageOf(error) },
          "a published port could not be held again",
        );
      }
    }
  }

  async join(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<EndpointRecord> {
    const settings = readBridgeSettings(network);
    const host = this.#host();
    const bridge = nl.findLink(host.socket, settings.bridge);
    // Somebody deleted the bridge: it is made again rather than every container refused.
    const bridgeIndex = bridge?.index ?? ensureBridge(host, network, settings);
    makeEndpointLink(host, endpoint, sandbox.path, {
      bridgeIndex,
      mtu: settings.mtu,
      isolated: !settings.interContainer,
      defaultRoute: options.defaultRoute,
    });
    // Somebody took the link of a container that goes on: its rules are still there.
    if (this.#made.has(endpoint.id)) return endpoint;
    try {
      await this.#firewall.allow(this.#rules.flows(endpoint));
      await this.#firewall.publish(this.#rules.ports(network, endpoint));
    } catch (error) {
      await this.#firewall.forbid(this.#rules.flows(endpoint));
      deleteEndpointLink(host, endpoint);
      throw error;
    }
    this.#made.add(endpoint.id);
    return endpoint;
  }

  async changePorts(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    ports: readonly PortBinding[],
  ): Promise<EndpointRecord> {
    if (ports.length === 0 || network.internal) return { ...endpoint, ports: [] };
    try {
      const settings = readBridgeSettings(network);
      const taken = takeEndpointPorts(this.#ports, endpoint, ports, settings, this.#publishingHost());
      return { ...endpoint, ports: taken };
    } catch (error) {
      this.#ports.release(endpoint.id);
      throw error;
    }
  }

  async adjust(
    network: NetworkRecord,
    before: EndpointRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<void> {
    setDefaultRoutes(endpoint, sandbox.path, options.defaultRoute);
    if (endpoint.ports.length === 0) {
      await this.#firewall.unpublish(this.#rules.ports(network, before));
      this.#ports.release(endpoint.id);
    }
    await this.#firewall.publish(this.#rules.ports(network, endpoint));
    const flows = this.#rules.flows(endpoint);
    const kept = new Set(flows.map((flow) => JSON.stringify(flow)));
    await this.#firewall.forbid(this.#rules.flows(before).filter((flow) => !kept.has(JSON.stringify(flow))));
    await this.#firewall.allow(flows);
  }

  isLinkMissing(endpoint: EndpointRecord): boolean {
    return this.#made.has(endpoint.id) && isPairMissing(this.#host(), endpoint);
  }

  async leave(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox | undefined,
    options?: LeaveOptions,
  ): Promise<void> {
    this.#made.delete(endpoint.id);
    await this.#firewall.unpublish(this.#rules.ports(network, endpoint));
    await this.#firewall.forbid(this.#rules.flows(endpoint));
    if (sandbox && options?.sandboxEnds) this.#ending.set(endpoint.id, endpoint);
    else deleteEndpointLink(this.#host(), endpoint);
  }

  async releaseEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    await this.#giveBack(network, endpoint);
  }

  /** As the contract says. Pairs that are gone are for `join` to make again. */
  async reconcile(
    networks: ReadonlyArray<{ network: NetworkRecord; endpoints: readonly EndpointRecord[] }>,
  ): Promise<void> {
    const host = this.#host();
    const endpointIds = networks.flatMap(({ endpoints }) => endpoints.map(({ id }) => id));
    const loops = this.#options.respectInputRules ? [INPUT_LOOP_ID] : [];
    removeStrayLinks(host, new Set([...networks.map(({ network }) => network.id), ...endpointIds, ...loops]));
    for (const { network, endpoints } of networks) {
      this.#ipam.restoreNetwork(network);
      restoreBridge(host, network, endpoints);
      for (const { id } of [network, ...endpoints]) this.#made.add(id);
    }
    await this.#firewall.reconcile({
      bridges: networks.map(({ network }) => this.#rules.bridge(network)),
      ports: networks.flatMap(({ network, endpoints }) =>
        endpoints.flatMap((endpoint) => this.#rules.ports(network, endpoint)),
      ),
      flows: networks.flatMap(({ endpoints }) =>
        endpoints.flatMap((endpoint) => this.#rules.flows(endpoint)),
      ),
    });
  }

  async repair(
    networks: ReadonlyArray<{ network: NetworkRecord; endpoints: readonly EndpointRecord[] }>,
  ): Promise<void> {
    for (const { network, endpoints } of networks) {
      if (!this.#made.has(network.id)) continue;
      try {
        restoreBridge(this.#host(), network, endpoints);
      } catch (error) {
        // A bridge that an administrator made and took away must not keep the others from theirs.
        this.#logger.error({ network: network.name, reason: messageOf(error) }, "repairing a bridge");
      }
    }
    await this.#firewall.restore();
  }

  watch(damaged: () => void): void {
    const { reactor, hostNamespace } = this.#options;
    if (!reactor || this.#watch) return;
    this.#watch = new LinkWatch(
      reactor,
      hostNamespace,
      (deletions) => this.#made.isDamage(deletions, this.#host().socket),
      damaged,
    );
  }

  addressUse(network: NetworkRecord): ReadonlyMap<string, AddressUse> | undefined {
    return this.#ipam.addressUse?.(network.id);
  }

  /** Nothing that this engine made for networks is left in the kernel, the administrator's chain included: for uninstalling. */
  async destroy(): Promise<void> {
    removeStrayLinks(this.#host(), new Set());
    await this.#firewall.destroy();
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    this.#ports.close();
    this.#finishEnding();
    await this.#leaveHost();
    this.#socket?.close();
    this.#socket = undefined;
    await this.#firewall.close();
  }

  #host(): Host {
    const { forwarding = true, foreignBridge, hostNamespace: namespace } = this.#options;
    this.#socket ??= nl.NetlinkSocket.open(namespace === undefined ? {} : { namespace });
    return { socket: this.#socket, namespace, owner: this.#owner, forwarding, foreignBridge };
  }

  /** Addresses that were given back are free of their old interfaces, before anyone gets them again. */
  #finishEnding(): void {
    for (const endpoint of this.#ending.values()) deleteEndpointLink(this.#host(), endpoint);
    this.#ending.clear();
  }

  /** One of many engines leaves nothing that no container needs; what the machine's own has stays, as docker's does. */
  async #leaveHost(): Promise<void> {
    if (this.#options.claimDocker0 || this.#made.isEmpty) return;
    if (removeIdleBridges(this.#host())) await this.#firewall.retire();
  }

  #defaultBridgeName(): string {
    const { claimDocker0 } = this.#options;
    if (!claimDocker0) return this.#owner.defaultBridgeName;
    const link = nl.findLink(this.#host().socket, DOCKER_BRIDGE);
    return !link || this.#owner.idOf(link) !== undefined ? DOCKER_BRIDGE : this.#owner.defaultBridgeName;
  }

  #publishingHost(): PublishingHost {
    const { packetFilterIpv6 = true, portProxies = false, hostNamespace } = this.#options;
    return { hasIpv6: packetFilterIpv6 && hostHasIpv6(hostNamespace), proxies: portProxies };
  }

  async #giveBack(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    this.#ports.release(endpoint.id);
    this.#interfaces.release(endpoint.containerId, endpoint.id);
    for (const address of [endpoint.ipv4Address, endpoint.ipv6Address]) {
      if (address !== "") await this.#ipam.releaseAddress(network.id, address);
    }
  }
}

import { constants } from "node:fs";
import { internal, invalidArgument, messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type {
  AddressUse,
  JoinOptions,
  LeaveOptions,
  NetworkDriver,
  Sandbox,
} from "../../core/networks/network-driver.ts";
import type { EndpointRecord, EndpointRequest, NetworkRecord } from "../../core/networks/network-record.ts";
import { openFd } from "../../os/linux/fd.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import type { IpamDriver } from "../ipam/mod.ts";
import {
  configureInterface,
  type InterfaceNames,
  newEndpoint,
  setDefaultRoutes,
} from "../network-sandbox/mod.ts";
import { checkKernel, ensureParent, removeStrayParents } from "./parent-link.ts";
import {
  type ParentLinkKind,
  type ParentLinkSettings,
  readParentLinkSettings,
} from "./parent-link-settings.ts";

const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

export interface ParentLinkDriverOptions {
  readonly kind: ParentLinkKind;
  readonly engineId: string;
  readonly ipam: IpamDriver;
  readonly interfaces: InterfaceNames;
  readonly logger?: Logger;
  /** Network namespace of the parents, a file; the process's own by default. */
  readonly hostNamespace?: string;
}

/**
 * Networks whose containers sit on a link of the host, the parent. Nothing is filtered and no port published: who is on
 * that link reaches the containers directly, the host itself does not. Without a parent a network has a link of its own
 * that leads nowhere, and so no way out.
 */
export class ParentLinkDriver implements NetworkDriver {
  readonly name: string;
  readonly #options: ParentLinkDriverOptions;
  /** By id, the networks that there are. */
  readonly #networks = new Map<string, ParentLinkSettings>();
  #socket: nl.NetlinkSocket | undefined;

  constructor(options: ParentLinkDriverOptions) {
    this.#options = options;
    this.name = options.kind.name;
  }

  async plan(network: NetworkRecord): Promise<NetworkRecord> {
    const { mode, isDummy } = this.#settings(network);
    const wayOut = isDummy ? "none" : mode.routesOnLink ? "link" : undefined;
    const gatewayless = network.internal || wayOut !== undefined ? ([nl.AF_INET, nl.AF_INET6] as const) : [];
    const pools = await this.#options.ipam.planNetwork(network, [], gatewayless);
    return { ...network, pools, ...(wayOut === undefined ? {} : { wayOut }) };
  }

  async createNetwork(network: NetworkRecord): Promise<void> {
    const { ipam, engineId, kind } = this.#options;
    const settings = this.#settings(network);
    for (const present of this.#networks.values()) {
      if (present.parent !== settings.parent || present.networkId === network.id) continue;
      kind.checkSharing(settings, present);
    }
    this.#networks.set(network.id, settings);
    ipam.restoreNetwork(network);
    checkKernel(this.#host(), kind);
    ensureParent(this.#host(), engineId, kind, settings);
  }

  async deleteNetwork(network: NetworkRecord): Promise<void> {
    this.#networks.delete(network.id);
    await this.#options.ipam.removeNetwork(network.id);
    this.#removeStrayParents([...this.#networks.values()]);
  }

  async allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord> {
    const { ipam, interfaces, kind } = this.#options;
    if (request.macAddress !== undefined && !kind.hasMacAddresses) {
      throw invalidArgument(
        `failed to create endpoint ${request.containerName} on network ${network.name}: ${this.name} interfaces do not support custom mac address assignment`,
      );
    }
    const taken = await ipam.takeAddresses(network, {
      ipv4: request.ipv4Address,
      ipv6: request.ipv6Address,
      macAddress: request.macAddress,
      withoutIpv6: request.withoutIpv6,
    });
    const addressed = newEndpoint(network, request, taken);
    const nameless = kind.hasMacAddresses ? addressed : { ...addressed, macAddress: "" };
    try {
      const wanted = request.interfaceName ?? request.driverOptions[INTERFACE_NAME_OPTION];
      const interfaceName = interfaces.take(request.containerId, nameless.id, wanted || undefined, "eth");
      return { ...nameless, interfaceName };
    } catch (error) {
      await this.releaseEndpoint(network, nameless);
      throw error;
    }
  }

  async restoreEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    const { ipam, interfaces } = this.#options;
    ipam.restoreNetwork(network);
    for (const address of [endpoint.ipv4Address, endpoint.ipv6Address]) {
      if (address !== "") ipam.restoreAddress(network.id, address);
    }
    interfaces.restore(endpoint.containerId, endpoint.id, endpoint.interfaceName);
  }

  /** Ports are not published on such a network; the container has all of its own there. */
  async changePorts(_network: NetworkRecord, endpoint: EndpointRecord): Promise<EndpointRecord> {
    return endpoint;
  }

  async join(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<EndpointRecord> {
    const { engineId, kind } = this.#options;
    const settings = this.#settings(network);
    const parentIndex = ensureParent(this.#host(), engineId, kind, settings);
    using inside = openFd(sandbox.path, constants.O_RDONLY);
    const request = nl.addLink(
      {
        name: endpoint.interfaceName,
        namespace: { fd: inside.fd },
        ...(kind.hasMacAddresses ? { mac: endpoint.macAddress } : {}),
        ...(settings.mtu === undefined ? {} : { mtu: settings.mtu }),
      },
      settings.mode.linkOn(parentIndex),
    );
    this.#makeLink(request, endpoint, sandbox);
    try {
      withNetworkNamespace(inside.fd, () =>
        configureInterface(endpoint, options.defaultRoute, network.wayOut),
      );
      return endpoint;
    } catch (error) {
      deleteInside(endpoint, sandbox);
      throw error;
    }
  }

  async adjust(
    network: NetworkRecord,
    _before: EndpointRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<void> {
    setDefaultRoutes(endpoint, sandbox.path, options.defaultRoute, network.wayOut);
  }

  isLinkMissing(endpoint: EndpointRecord, sandbox: Sandbox): boolean {
    return nl.withNetlink(
      sandbox.path,
      (socket) => nl.findLink(socket, endpoint.interfaceName) === undefined,
    );
  }

  async leave(
    _network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox | undefined,
    options?: LeaveOptions,
  ): Promise<void> {
    // The kernel removes the link with its namespace.
    if (sandbox && !options?.sandboxEnds) deleteInside(endpoint, sandbox);
  }

  async releaseEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    const { ipam, interfaces } = this.#options;
    interfaces.release(endpoint.containerId, endpoint.id);
    for (const address of [endpoint.ipv4Address, endpoint.ipv6Address]) {
      if (address !== "") await ipam.releaseAddress(network.id, address);
    }
  }

  async reconcile(networks: ReadonlyArray<{ network: NetworkRecord }>): Promise<void> {
    this.#removeStrayParents(networks.map(({ network }) => this.#settings(network)));
    for (const { network } of networks) {
      try {
        await this.createNetwork(network);
      } catch (error) {
        // The parent or the kernel's module is gone: containers that want the network are told so when they start.
        this.#options.logger?.warn(
          { network: network.name, reason: messageOf(error) },
          "a network has no parent link",
        );
      }
    }
  }

  addressUse(network: NetworkRecord): ReadonlyMap<string, AddressUse> | undefined {
    return this.#options.ipam.addressUse?.(network.id);
  }

  async close(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Makes the endpoint's link anew. Errors: internal, with docker's text. */
  #makeLink(request: nl.NetlinkRequest, endpoint: EndpointRecord, sandbox: Sandbox): void {
    try {
      if (this.#host().executeIgnoring(["EEXIST"], [request]) > 0) return;
      deleteInside(endpoint, sandbox);
      this.#host().execute(request);
    } catch (error) {
      throw internal(`failed to create the ${this.name} port: ${messageOf(error)}`, { cause: error });
    }
  }

  #settings(network: NetworkRecord): ParentLinkSettings {
    return readParentLinkSettings(this.#options.kind, network);
  }

  #removeStrayParents(networks: readonly ParentLinkSettings[]): void {
    const used = new Set(networks.map(({ parent }) => parent));
    removeStrayParents(this.#host(), this.#options.engineId, this.#options.kind, used);
  }

  #host(): nl.NetlinkSocket {
    const { hostNamespace } = this.#options;
    this.#socket ??= nl.NetlinkSocket.open(hostNamespace === undefined ? {} : { namespace: hostNamespace });
    return this.#socket;
  }
}

/** The endpoint's link is gone. Idempotent. */
function deleteInside(endpoint: EndpointRecord, sandbox: Sandbox): void {
  nl.withNetlink(sandbox.path, (socket) => {
    const link = nl.findLink(socket, endpoint.interfaceName);
    if (link) socket.executeIgnoring(["ENODEV"], [nl.deleteLink(link.index)]);
  });
}

import { constants } from "node:fs";
import { messageOf, permissionDenied } from "../../base/errors.ts";
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
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { IpamDriver } from "../ipam/mod.ts";
import {
  configureInterface,
  type InterfaceNames,
  newEndpoint,
  setDefaultRoutes,
} from "../network-sandbox/mod.ts";
import { readMacvlanSettings } from "./macvlan-settings.ts";
import { ensureParent, removeStrayParents } from "./parent-link.ts";

const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

export interface MacvlanDriverOptions {
  readonly engineId: string;
  readonly ipam: IpamDriver;
  readonly interfaces: InterfaceNames;
  readonly logger?: Logger;
  /** Network namespace of the parents, a file; the process's own by default. */
  readonly hostNamespace?: string;
}

/**
 * Networks whose containers are neighbours on a link of the host, each with a hardware address of its own. Nothing is
 * filtered and no port published: who is on that link reaches the containers directly, the host itself does not.
 */
export class MacvlanDriver implements NetworkDriver {
  readonly name = "macvlan";
  readonly #options: MacvlanDriverOptions;
  /** Parents by network: one network at a time may have a link. */
  readonly #parents = new Map<string, string>();
  #socket: nl.NetlinkSocket | undefined;

  constructor(options: MacvlanDriverOptions) {
    this.#options = options;
  }

  async plan(network: NetworkRecord): Promise<NetworkRecord> {
    const { parent } = readMacvlanSettings(network);
    for (const [id, taken] of this.#parents) {
      if (taken === parent && id !== network.id) {
        throw permissionDenied(`network ${id.slice(0, 12)} is already using parent interface ${parent}`);
      }
    }
    return { ...network, pools: await this.#options.ipam.planNetwork(network, []) };
  }

  async createNetwork(network: NetworkRecord): Promise<void> {
    const { parent } = readMacvlanSettings(network);
    this.#options.ipam.restoreNetwork(network);
    ensureParent(this.#host(), this.#options.engineId, network.id, parent);
    this.#parents.set(network.id, parent);
  }

  async deleteNetwork(network: NetworkRecord): Promise<void> {
    this.#parents.delete(network.id);
    await this.#options.ipam.removeNetwork(network.id);
    removeStrayParents(this.#host(), this.#options.engineId, new Set(this.#parents.keys()));
  }

  async allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord> {
    const { ipam, interfaces } = this.#options;
    const taken = await ipam.takeAddresses(network, {
      ipv4: request.ipv4Address,
      ipv6: request.ipv6Address,
      macAddress: request.macAddress,
    });
    const nameless = newEndpoint(network, request, taken);
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
    const settings = readMacvlanSettings(network);
    const parentIndex = ensureParent(this.#host(), this.#options.engineId, network.id, settings.parent);
    using inside = openFd(sandbox.path, constants.O_RDONLY);
    const request = nl.addLink(
      {
        name: endpoint.interfaceName,
        mac: endpoint.macAddress,
        namespace: { fd: inside.fd },
        ...(settings.mtu === undefined ? {} : { mtu: settings.mtu }),
      },
      { kind: "macvlan", parentIndex, mode: settings.mode },
    );
    try {
      this.#host().execute(request);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      deleteInside(endpoint, sandbox);
      this.#host().execute(request);
    }
    try {
      withNetworkNamespace(inside.fd, () => configureInterface(endpoint, options.defaultRoute));
      return endpoint;
    } catch (error) {
      deleteInside(endpoint, sandbox);
      throw error;
    }
  }

  async adjust(
    _network: NetworkRecord,
    _before: EndpointRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<void> {
    setDefaultRoutes(endpoint, sandbox.path, options.defaultRoute);
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
    const known = new Set(networks.map(({ network }) => network.id));
    removeStrayParents(this.#host(), this.#options.engineId, known);
    for (const { network } of networks) {
      try {
        await this.createNetwork(network);
      } catch (error) {
        // The parent is gone: containers that want the network are told so when they start.
        this.#options.logger?.warn(
          { network: network.name, reason: messageOf(error) },
          "a parent link is missing",
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

import { isKind, notImplemented } from "../../base/errors.ts";
import { type Filters, matchesExactly, matchesLabels, matchesPattern } from "../../base/filters.ts";
import { newId } from "../../base/ids.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type {
  NetworkDriver,
  NetworkStore,
  Sandbox,
  SandboxFactory,
} from "../../core/networks/network-driver.ts";
import type {
  EndpointRecord,
  IpamPool,
  NetworkRecord,
  PortBinding,
} from "../../core/networks/network-record.ts";
import type {
  EndpointSettings,
  NetworkInspectResponse,
  NetworkSummary,
  NetworksPruneResponse,
} from "../../spec/engine-api/mod.ts";
import { describeNetwork, describeNetworkInDetail } from "./describe.ts";
import {
  aliasesNeedUserNetwork,
  ambiguousNetwork,
  networkInUse,
  noSuchNetwork,
  predefinedNetwork,
  staticAddressNeedsUserNetwork,
} from "./errors.ts";

export interface NetworkServiceParts {
  readonly store: NetworkStore;
  readonly drivers: readonly NetworkDriver[];
  readonly sandboxes: SandboxFactory;
  readonly events: EventLog;
  /** Options of the default bridge, from the engine's configuration. */
  readonly defaultBridge: {
    readonly options: Readonly<Record<string, string>>;
    readonly pools: readonly IpamPool[];
  };
}

/** What a container asks of the networks when it starts. */
export interface AllocationRequest {
  readonly containerId: string;
  readonly containerName: string;
  /** Name or id of the network that is its way out. */
  readonly mode: string;
  /** What it asked of each network, by the network's name or id as given. */
  readonly requested: Readonly<Record<string, EndpointSettings>>;
  readonly ports: readonly PortBinding[];
  readonly exposedPorts: readonly string[];
}

const PREDEFINED: ReadonlyArray<{ readonly name: string; readonly driver: string }> = [
  { name: "bridge", driver: "bridge" },
  { name: "host", driver: "host" },
  { name: "none", driver: "null" },
];

/** Networks, and the places of containers in them. */
export class NetworkService {
  readonly #parts: NetworkServiceParts;

  constructor(parts: NetworkServiceParts) {
    this.#parts = parts;
  }

  /**
   * The predefined networks are stored, and the kernel agrees with what is stored: endpoints of containers in `running`
   * are there, everything else that this engine made is gone. Called once at start-up.
   */
  async restore(running: ReadonlySet<string>): Promise<void> {
    const { store, drivers, sandboxes } = this.#parts;
    for (const endpoint of store.listEndpoints()) {
      if (!running.has(endpoint.containerId)) store.removeEndpoint(endpoint.id);
    }
    for (const { name, driver } of PREDEFINED) await this.#ensurePredefined(name, driver);
    for (const driver of drivers) {
      const networks = store
        .listNetworks()
        .filter((network) => network.driver === driver.name)
        .map((network) => ({ network, endpoints: store.endpointsOf(network.id) }));
      for (const { network, endpoints } of networks) {
        for (const endpoint of endpoints) await driver.restoreEndpoint(network, endpoint);
      }
      await driver.reconcile(networks);
    }
    await sandboxes.removeOrphans(running);
  }

  /** Checks what a container asks of a network. Errors: notFound, invalidArgument. */
  checkRequest(nameOrId: string, settings: EndpointSettings): void {
    const network = this.get(nameOrId);
    const ipam = settings.IPAMConfig;
    const predefined = PREDEFINED.some(({ name }) => name === network.name);
    if (predefined && (ipam?.IPv4Address || ipam?.IPv6Address)) throw staticAddressNeedsUserNetwork();
    if (predefined && (settings.Aliases ?? []).length > 0) throw aliasesNeedUserNetwork();
  }

  /**
   * Addresses and ports are taken and stored for every network the container asks for; nothing is in the kernel yet.
   * What a failed attempt took is given back. Errors: notFound, conflict, unavailable.
   */
  async allocate(request: AllocationRequest): Promise<void> {
    await this.release(request.containerId);
    try {
      for (const [name, settings] of Object.entries(request.requested)) {
        await this.#allocateOn(this.get(name), settings, request);
      }
    } catch (error) {
      await this.release(request.containerId);
      throw error;
    }
  }

  createSandbox(containerId: string): Promise<Sandbox> {
    return this.#parts.sandboxes.create(containerId);
  }

  /** The container's stored endpoints are in its sandbox: links, addresses, routes, published ports. */
  async join(containerId: string, sandbox: Sandbox, mode: string): Promise<void> {
    for (const endpoint of this.endpointsOf(containerId)) {
      const network = this.get(endpoint.networkId);
      const defaultRoute = network.id === this.get(mode).id;
      await this.#driver(network.driver).join(network, endpoint, sandbox, { defaultRoute });
      this.#publish("connect", network, containerId);
    }
  }

  /** Everything the container has in the kernel and in the stores is gone. Idempotent. */
  async release(containerId: string): Promise<void> {
    const { store, sandboxes } = this.#parts;
    const sandbox = sandboxes.get(containerId);
    for (const endpoint of store.endpointsOfContainer(containerId)) {
      const network = store.getNetwork(endpoint.networkId);
      if (network) {
        const driver = this.#driver(network.driver);
        await driver.leave(network, endpoint, sandbox, { sandboxEnds: true });
        await driver.releaseEndpoint(network, endpoint);
        this.#publish("disconnect", network, containerId);
      }
      store.removeEndpoint(endpoint.id);
    }
    await sandboxes.remove(containerId);
  }

  endpointsOf(containerId: string): EndpointRecord[] {
    return this.#parts.store.endpointsOfContainer(containerId);
  }

  sandboxOf(containerId: string): Sandbox | undefined {
    return this.#parts.sandboxes.get(containerId);
  }

  /** Addresses that lead from containers to the host: the default bridge's own. */
  hostGateways(): string[] {
    const bridge = this.#parts.store.findByName("bridge")[0];
    return (bridge?.pools ?? []).flatMap(({ gateway }) => (gateway ? [gateway] : []));
  }

  /** The network that a name, an id or an id prefix names. Errors: notFound, invalidArgument. */
  get(nameOrId: string): NetworkRecord {
    const { store } = this.#parts;
    const exact = store.getNetwork(nameOrId) ?? store.findByName(nameOrId)[0];
    if (exact) return exact;
    const matches = nameOrId === "" ? [] : store.findByIdPrefix(nameOrId);
    if (matches.length > 1) throw ambiguousNetwork(nameOrId, matches.length);
    if (!matches[0]) throw noSuchNetwork(nameOrId);
    return matches[0];
  }

  /** As `get`, undefined where there is none. */
  find(nameOrId: string): NetworkRecord | undefined {
    try {
      return this.get(nameOrId);
    } catch (error) {
      if (isKind(error, "notFound")) return undefined;
      throw error;
    }
  }

  async list(filters: Filters): Promise<NetworkSummary[]> {
    const { store } = this.#parts;
    const type = filters.get("type") ?? [];
    const dangling = filters.get("dangling")?.[0];
    return store
      .listNetworks()
      .filter((network) => matchesPattern(filters, "name", network.name))
      .filter((network) => (filters.get("id") ?? [""]).some((id) => network.id.startsWith(id)))
      .filter((network) => matchesExactly(filters, "driver", network.driver))
      .filter(() => matchesExactly(filters, "scope", "local"))
      .filter((network) => matchesLabels(filters, "label", network.labels))
      .filter((network) => {
        if (type.length === 0) return true;
        return type.includes(isPredefined(network) ? "builtin" : "custom");
      })
      .filter((network) => {
        if (dangling === undefined) return true;
        const unused = !isPredefined(network) && store.endpointsOf(network.id).length === 0;
        return unused === (dangling === "true" || dangling === "1");
      })
      .map(describeNetwork);
  }

  async inspect(nameOrId: string): Promise<NetworkInspectResponse> {
    const network = this.get(nameOrId);
    return describeNetworkInDetail(network, this.#parts.store.endpointsOf(network.id));
  }

  async create(): Promise<never> {
    throw notImplemented("user-defined networks are not supported yet");
  }

  async connect(): Promise<never> {
    throw notImplemented("connecting a container to another network is not supported yet");
  }

  async disconnect(): Promise<never> {
    throw notImplemented("disconnecting a container from a network is not supported yet");
  }

  async remove(nameOrId: string): Promise<void> {
    const { store } = this.#parts;
    const network = this.get(nameOrId);
    if (isPredefined(network)) throw predefinedNetwork(network.name);
    if (store.endpointsOf(network.id).length > 0) throw networkInUse(network.name, network.id);
    await this.#removeUnused(network);
  }

  async prune(filters: Filters): Promise<NetworksPruneResponse> {
    const deleted: string[] = [];
    for (const network of this.#parts.store.listNetworks()) {
      if (isPredefined(network) || !matchesLabels(filters, "label", network.labels)) continue;
      if (this.#parts.store.endpointsOf(network.id).length > 0) continue;
      await this.#removeUnused(network);
      deleted.push(network.name);
    }
    this.#parts.events.publish({
      type: "network",
      action: "prune",
      actor: { id: "", attributes: { reclaimed: "0" } },
    });
    return { NetworksDeleted: deleted.length > 0 ? deleted : null };
  }

  async #removeUnused(network: NetworkRecord): Promise<void> {
    await this.#driver(network.driver).deleteNetwork(network);
    this.#parts.store.removeNetwork(network.id);
    this.#publish("destroy", network);
  }

  async #ensurePredefined(name: string, driverName: string): Promise<void> {
    const { store, defaultBridge } = this.#parts;
    if (store.findByName(name).length > 0) return;
    const bridge = driverName === "bridge";
    const planned = await this.#driver(driverName).plan({
      id: newId(),
      name,
      driver: driverName,
      createdAt: formatRfc3339Nano(nowNs()),
      enableIpv4: true,
      enableIpv6: false,
      internal: false,
      attachable: false,
      ingress: false,
      configOnly: false,
      configFrom: "",
      ipamDriver: "default",
      ipamOptions: {},
      pools: bridge ? defaultBridge.pools : [],
      options: bridge ? defaultBridge.options : {},
      labels: {},
    });
    store.addNetwork(planned);
  }

  async #allocateOn(
    network: NetworkRecord,
    settings: EndpointSettings,
    request: AllocationRequest,
  ): Promise<void> {
    const main = network.id === this.get(request.mode).id;
    const endpoint = await this.#driver(network.driver).allocateEndpoint(network, {
      containerId: request.containerId,
      containerName: request.containerName,
      ...(settings.IPAMConfig?.IPv4Address ? { ipv4Address: settings.IPAMConfig.IPv4Address } : {}),
      ...(settings.IPAMConfig?.IPv6Address ? { ipv6Address: settings.IPAMConfig.IPv6Address } : {}),
      ...(settings.MacAddress ? { macAddress: settings.MacAddress } : {}),
      aliases: settings.Aliases ?? [],
      links: settings.Links ?? [],
      driverOptions: settings.DriverOpts ?? {},
      gatewayPriority: settings.GwPriority ?? 0,
      ports: main ? request.ports : [],
      exposedPorts: request.exposedPorts,
    });
    this.#parts.store.putEndpoint(endpoint);
  }

  #driver(name: string): NetworkDriver {
    const driver = this.#parts.drivers.find((known) => known.name === name);
    if (!driver) throw noSuchNetwork(`plugin ${name}`);
    return driver;
  }

  #publish(action: string, network: NetworkRecord, containerId?: string): void {
    this.#parts.events.publish({
      type: "network",
      action,
      actor: {
        id: network.id,
        attributes: {
          ...(containerId ? { container: containerId } : {}),
          name: network.name,
          type: network.driver,
        },
      },
    });
  }
}

function isPredefined(network: NetworkRecord): boolean {
  return PREDEFINED.some(({ name }) => name === network.name);
}

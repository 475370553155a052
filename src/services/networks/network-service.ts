import { KeyedMutex } from "../../base/async.ts";
import type { BackgroundWork } from "../../base/background-work.ts";
import { isKind, messageOf, notFound } from "../../base/errors.ts";
import type { Filters } from "../../base/filters.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type {
  NameResolver,
  NetworkDrivers,
  NetworkStore,
  ResolverSettings,
  Sandbox,
  SandboxFactory,
} from "../../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord, ReachedPort } from "../../core/networks/network-record.ts";
import type {
  EndpointSettings,
  NetworkCreateRequest,
  NetworkInspectResponse,
  NetworkSummary,
  NetworksPruneResponse,
} from "../../spec/engine-api/mod.ts";
import { isAsConfigured } from "./configured-bridge.ts";
import { describeNetwork, describeNetworkInDetail } from "./describe.ts";
import { checkEndpointSettings } from "./endpoint-checks.ts";
import {
  type AllocationRequest,
  Endpoints,
  endpointNames,
  type NamedContainer,
  type NetworkedContainer,
} from "./endpoints.ts";
import {
  ambiguousNetwork,
  configurationInUse,
  networkExists,
  networkInUse,
  noSuchNetwork,
  notConnected,
  notSwarmManager,
  predefinedNetwork,
} from "./errors.ts";
import { isListed, isPrunable } from "./list-networks.ts";
import { networkEvent } from "./network-event.ts";
import { NetworkRepairs } from "./network-repairs.ts";
import { newNetwork } from "./new-network.ts";
import { type DefaultBridge, isPredefined, PREDEFINED, predefinedRecord } from "./predefined.ts";

export interface NetworkServiceParts {
  readonly store: NetworkStore;
  readonly drivers: NetworkDrivers;
  readonly sandboxes: SandboxFactory;
  readonly names: NameResolver;
  readonly events: EventLog;
  readonly logger: Logger;
  readonly background: BackgroundWork;
  /** Options of the default bridge, from the engine's configuration; undefined where there is to be none. */
  readonly defaultBridge: DefaultBridge | undefined;
  /** What `host-gateway` stands for; empty for the default bridge's own addresses. */
  readonly hostGateways: readonly string[];
  /** Options of new networks by the name of their driver, for those that a request leaves out. */
  readonly defaultOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Networks, and the places of containers in them. */
export class NetworkService {
  readonly #parts: NetworkServiceParts;
  readonly #endpoints: Endpoints;
  readonly #repairs: NetworkRepairs;
  /** One creation or removal at a time, those of each plug-in's networks beside the others. */
  readonly #turns = new KeyedMutex();
  /** Ids of networks that are stored and not made yet. */
  readonly #unfinished = new Set<string>();

  constructor(parts: NetworkServiceParts) {
    this.#parts = parts;
    const { store, names, sandboxes } = parts;
    this.#endpoints = new Endpoints({
      store,
      names,
      sandboxes,
      driver: (name) => parts.drivers.known(name),
      network: (nameOrId) => this.get(nameOrId),
      publish: (action, network, containerId) => this.#publish(action, network, containerId),
    });
    this.#repairs = new NetworkRepairs(parts, this.#endpoints);
  }

  /**
   * The predefined networks are stored, and the kernel agrees with what is stored: endpoints of containers in `running`
   * are there, everything else that this engine made is gone; plug-ins hear of the latter in the background. Called once
   * at start-up.
   */
  async restore(running: ReadonlySet<string>): Promise<void> {
    const { store, drivers, sandboxes } = this.#parts;
    this.#dropEndpointsExcept(running);
    for (const { name, driver } of PREDEFINED) await this.#dropOutdated(name, driver);
    const used = store.listNetworks().map(({ driver }) => drivers.known(driver));
    for (const driver of new Set([...drivers.builtin, ...used])) await this.#repairs.restore(driver);
    // After the others have their subnets again: a new one takes none of these.
    for (const { name, driver } of PREDEFINED) await this.#ensurePredefined(name, driver);
    await sandboxes.removeOrphans(running);
    await this.#repairs.repairEndpoints(running);
  }

  /** Checks what a container asks of a network; the network. Errors: notFound, invalidArgument, permissionDenied. */
  checkRequest(nameOrId: string, settings: EndpointSettings): NetworkRecord {
    const network = this.get(nameOrId);
    checkEndpointSettings(network, settings);
    return network;
  }

  /**
   * Addresses and ports are taken and stored for every network the container asks for; nothing is in the kernel yet.
   * What a failed attempt took is given back. Errors: notFound, conflict, unavailable.
   */
  async allocate(request: AllocationRequest): Promise<void> {
    await this.#endpoints.allocate(request);
  }

  createSandbox(containerId: string): Promise<Sandbox> {
    return this.#parts.sandboxes.create(containerId);
  }

  /** The container's stored endpoints are in its sandbox: links, addresses, routes, published ports, names. */
  async join(containerId: string, sandbox: Sandbox): Promise<void> {
    await this.#endpoints.join(containerId, sandbox);
  }

  /**
   * A running container is in a further network; its default routes and published ports move where the new network is a
   * better way out. Nothing is left where it throws. Errors: notFound, permissionDenied (is in it), conflict, unavailable.
   */
  async connect(
    nameOrId: string,
    container: NetworkedContainer,
    settings: EndpointSettings,
  ): Promise<EndpointRecord> {
    return await this.#endpoints.connect(container, { network: this.get(nameOrId), settings });
  }

  /** A running container has left the network. Returns the endpoint that it had. Errors: notFound, internal (not in it). */
  async disconnect(nameOrId: string, container: NetworkedContainer): Promise<EndpointRecord> {
    const network = this.get(nameOrId);
    const endpoint = this.endpointsOf(container.containerId).find(
      ({ networkId }) => networkId === network.id,
    );
    if (!endpoint) throw notConnected(container.containerId, network.name);
    await this.#endpoints.disconnect(container, endpoint);
    return endpoint;
  }

  /** A running container has its default routes and published ports where its networks say. Idempotent. Errors: conflict. */
  async settleExits(container: NetworkedContainer): Promise<void> {
    await this.#endpoints.settleExits(container);
  }

  /** An endpoint is gone whose container is not known any more, by the container's name or id. Errors: notFound. */
  async removeStaleEndpoint(nameOrId: string, container: string): Promise<void> {
    const network = this.get(nameOrId);
    const endpoint = this.#parts.store
      .endpointsOf(network.id)
      .find(({ containerId, containerName }) => containerId === container || containerName === container);
    if (!endpoint) throw notFound(`endpoint ${container} not found`);
    await this.#endpoints.remove(network, endpoint);
  }

  /** Everything the container has in the kernel and in the stores is gone. Idempotent. */
  async release(containerId: string): Promise<void> {
    await this.#endpoints.release(containerId);
  }

  /** A running container reaches these ports of others of the default bridge, and no longer those that it reached before. */
  async changeReach(containerId: string, reaches: readonly ReachedPort[]): Promise<void> {
    await this.#endpoints.changeReach(containerId, reaches);
  }

  /** The names of a container's endpoints follow its own. */
  rename(container: NamedContainer): void {
    this.#endpoints.rename(container);
  }

  /** Whether the container asks this engine's resolver for names: it is in a network that has names. */
  hasResolver(containerId: string): boolean {
    return this.endpointsOf(containerId).some(({ dnsNames }) => dnsNames.length > 0);
  }

  /** The resolver answers in the container's sandbox, which has to be there. Idempotent. */
  async serveNames(containerId: string, settings: ResolverSettings): Promise<void> {
    const sandbox = this.sandboxOf(containerId);
    if (sandbox) await this.#parts.names.serve(sandbox, settings);
  }

  async stopNames(containerId: string): Promise<void> {
    await this.#parts.names.stop(containerId);
  }

  /** Names that would lead to the container in that network. Errors: notFound. */
  namesOf(nameOrId: string, container: NamedContainer, aliases: readonly string[]): string[] {
    return endpointNames(this.get(nameOrId), container, aliases);
  }

  endpointsOf(containerId: string): EndpointRecord[] {
    return this.#parts.store.endpointsOfContainer(containerId);
  }

  sandboxOf(containerId: string): Sandbox | undefined {
    return this.#parts.sandboxes.get(containerId);
  }

  /** Addresses that lead from containers to the host: those of the configuration, or the default bridge's own. */
  hostGateways(): readonly string[] {
    const { hostGateways } = this.#parts;
    if (hostGateways.length > 0) return hostGateways;
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
    return store
      .listNetworks()
      .filter((network) => isListed(network, filters, () => store.endpointsOf(network.id).length > 0))
      .map(describeNetwork);
  }

  /** `scope`: where the network has to be at home, any place for an empty text. Errors: notFound, invalidArgument. */
  async inspect(nameOrId: string, scope = ""): Promise<NetworkInspectResponse> {
    const network = this.get(nameOrId);
    if (scope !== "" && scope !== "local") throw noSuchNetwork(nameOrId);
    const use = network.configOnly
      ? undefined
      : this.#parts.drivers.known(network.driver).addressUse?.(network);
    return describeNetworkInDetail(network, this.#parts.store.endpointsOf(network.id), use);
  }

  /** A network is stored and in the kernel. Errors: invalidArgument, permissionDenied, conflict (name, subnets), notFound. */
  async create(request: NetworkCreateRequest): Promise<{ readonly id: string; readonly warning: string }> {
    const wanted = newNetwork(request, {
      findConfiguration: (name) => this.#configuration(name),
      defaultOptions: this.#parts.defaultOptions,
    });
    using _turn = await this.#turns.acquire(this.#turnOf(wanted));
    if (this.#parts.store.findByName(wanted.name).length > 0) throw networkExists(wanted.name);
    const network = wanted.configOnly ? wanted : await this.#make(wanted);
    if (wanted.configOnly) this.#parts.store.addNetwork(wanted);
    this.#publish("create", network);
    return { id: network.id, warning: "" };
  }

  async remove(nameOrId: string): Promise<void> {
    const { store } = this.#parts;
    using _turn = await this.#turns.acquire(this.#turnOf(this.get(nameOrId)));
    const network = this.get(nameOrId);
    if (isPredefined(network)) throw predefinedNetwork(network.name);
    const endpoints = store.endpointsOf(network.id);
    if (endpoints.length > 0) throw networkInUse(network.name, endpoints);
    if (this.#isConfigurationInUse(network)) throw configurationInUse(network.name);
    await this.#removeUnused(network);
  }

  async prune(filters: Filters): Promise<NetworksPruneResponse> {
    const { store, logger } = this.#parts;
    const deleted: string[] = [];
    for (const { id, ...listed } of store.listNetworks()) {
      // Waiting for a plug-in's answer here would keep all others from being pruned.
      if (this.#unfinished.has(id)) continue;
      using _turn = await this.#turns.acquire(this.#turnOf(listed));
      const network = store.getNetwork(id);
      if (!network || !isPrunable(network, filters) || this.#isConfigurationInUse(network)) continue;
      if (store.endpointsOf(network.id).length > 0) continue;
      try {
        await this.#removeUnused(network);
        deleted.push(network.name);
      } catch (error) {
        // The others are still to be pruned.
        logger.warn({ network: network.name, reason: messageOf(error) }, "a network could not be pruned");
      }
    }
    this.#parts.events.publish({
      type: "network",
      action: "prune",
      actor: { id: "", attributes: { reclaimed: "0" } },
    });
    return { NetworksDeleted: deleted.length > 0 ? deleted : null };
  }

  /** Stored before it is made, so that a crash leaves nothing that start-up does not know. */
  async #make(wanted: NetworkRecord): Promise<NetworkRecord> {
    const { store } = this.#parts;
    if (wanted.driver === "overlay") throw notSwarmManager();
    const driver = await this.#parts.drivers.find(wanted.driver);
    const network = await driver.plan({ ...wanted, driver: driver.name });
    try {
      // Somebody may have got there first while a plug-in was asked.
      if (store.findByName(network.name).length > 0) throw networkExists(network.name);
      this.#unfinished.add(network.id);
      store.addNetwork(network);
      await driver.createNetwork(network);
    } catch (error) {
      await driver.deleteNetwork(network);
      store.removeNetwork(network.id);
      throw error;
    } finally {
      this.#unfinished.delete(network.id);
    }
    return network;
  }

  /** A plug-in that hangs holds up nobody but those who want the same of it. */
  #turnOf({ name, driver, ipamDriver }: Pick<NetworkRecord, "name" | "driver" | "ipamDriver">): string {
    const builtin = this.#parts.drivers.builtin.some((known) => known.name === driver);
    return builtin && ["default", "null"].includes(ipamDriver) ? "builtin" : `plug-in ${name}`;
  }

  #dropEndpointsExcept(running: ReadonlySet<string>): void {
    const { store, background } = this.#parts;
    for (const endpoint of store.listEndpoints()) {
      if (running.has(endpoint.containerId)) continue;
      const network = store.getNetwork(endpoint.networkId);
      if (!network || this.#turnOf(network) === "builtin") store.removeEndpoint(endpoint.id);
      // Stays stored until the plug-in knows, or does not answer.
      else background.start("dropping an endpoint", () => this.#endpoints.remove(network, endpoint));
    }
  }

  #configuration(name: string): NetworkRecord {
    const network = this.get(name);
    if (!network.configOnly) throw noSuchNetwork(name);
    return network;
  }

  #isConfigurationInUse(network: NetworkRecord): boolean {
    if (!network.configOnly) return false;
    return this.#parts.store.listNetworks().some(({ configFrom }) => configFrom === network.name);
  }

  async #removeUnused(network: NetworkRecord): Promise<void> {
    if (!network.configOnly) await this.#parts.drivers.known(network.driver).deleteNetwork(network);
    this.#parts.store.removeNetwork(network.id);
    this.#publish("destroy", network);
  }

  /** The default bridge is gone where the configuration wants none or another one, unless containers have it. */
  async #dropOutdated(name: string, driverName: string): Promise<void> {
    const { store, defaultBridge } = this.#parts;
    const stored = store.findByName(name)[0];
    if (!stored || driverName !== "bridge" || store.endpointsOf(stored.id).length > 0) return;
    if (!defaultBridge || !isAsConfigured(stored, defaultBridge)) await this.#removeUnused(stored);
  }

  async #ensurePredefined(name: string, driverName: string): Promise<void> {
    const { store, defaultBridge } = this.#parts;
    const bridge = driverName === "bridge" ? defaultBridge : undefined;
    if (store.findByName(name).length > 0 || (driverName === "bridge" && !bridge)) return;
    const driver = this.#parts.drivers.known(driverName);
    const planned = await driver.plan(predefinedRecord(name, driverName, bridge));
    store.addNetwork(planned);
    await driver.createNetwork(planned);
  }

  #publish(action: string, network: NetworkRecord, containerId?: string): void {
    this.#parts.events.publish(networkEvent(action, network, containerId));
  }
}

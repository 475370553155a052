import { isDeepStrictEqual } from "node:util";
import { shortId } from "../../base/ids.ts";
import type {
  NameResolver,
  NetworkDriver,
  NetworkStore,
  Sandbox,
  SandboxFactory,
} from "../../core/networks/network-driver.ts";
import type {
  EndpointRecord,
  NetworkRecord,
  PortBinding,
  ReachedPort,
} from "../../core/networks/network-record.ts";
import type { EndpointSettings } from "../../spec/engine-api/mod.ts";
import { checkEndpointSettings } from "./endpoint-checks.ts";
import { endpointExists } from "./errors.ts";
import { chooseExits, type ExitCandidate, type Exits, portsOn } from "./exits.ts";
import { isPredefined } from "./predefined.ts";

/** What a container is to the networks. */
export interface NetworkedContainer {
  readonly containerId: string;
  readonly containerName: string;
  readonly hostname: string;
  readonly ports: readonly PortBinding[];
  readonly exposedPorts: readonly string[];
  /** It turned IPv6 off for itself. */
  readonly withoutIpv6: boolean;
}

/** What a container is called. */
export type NamedContainer = Pick<NetworkedContainer, "containerId" | "containerName" | "hostname">;

/** What a container asks of the networks when it starts. */
export interface AllocationRequest extends NetworkedContainer {
  /** Name or id of the network that `--network` named: its link is the first. */
  readonly mode: string;
  /** What it asked of each network, by the network's name or id as given. */
  readonly requested: Readonly<Record<string, EndpointSettings>>;
  /** Ports that its links open to it on the default bridge, where that keeps containers apart. */
  readonly reaches: readonly ReachedPort[];
}

export interface EndpointsParts {
  readonly store: NetworkStore;
  readonly names: NameResolver;
  readonly sandboxes: SandboxFactory;
  driver(name: string): NetworkDriver;
  network(nameOrId: string): NetworkRecord;
  publish(action: string, network: NetworkRecord, containerId: string): void;
}

const DEFAULT_BRIDGE = "bridge";

interface Wanted {
  readonly network: NetworkRecord;
  readonly settings: EndpointSettings;
}

/**
 * Names by which others of the network reach a container, the one that its address leads back to first. Empty on the
 * predefined networks.
 */
export function endpointNames(
  network: NetworkRecord,
  { containerId, containerName, hostname }: NamedContainer,
  aliases: readonly string[],
): string[] {
  if (isPredefined(network)) return [];
  const names = [containerName, ...aliases, shortId(containerId), hostname];
  return [...new Set(names.filter((name) => name !== ""))];
}

/** The places of containers in their networks, in the store and in the kernel. */
export class Endpoints {
  readonly #parts: EndpointsParts;

  constructor(parts: EndpointsParts) {
    this.#parts = parts;
  }

  /** As `NetworkService.allocate`. */
  async allocate(request: AllocationRequest): Promise<void> {
    await this.release(request.containerId);
    const isMain = ({ id, name }: NetworkRecord) => name === request.mode || id.startsWith(request.mode);
    // An engine that was told to have no default bridge (`--bridge none`) leaves its containers without that network.
    const bridgeless = this.#parts.store.findByName(DEFAULT_BRIDGE).length === 0;
    const wanted = Object.entries(request.requested)
      .filter(([name]) => !(bridgeless && name === DEFAULT_BRIDGE))
      .map(([name, settings]) => ({ network: this.#parts.network(name), settings }))
      .sort((a, b) => Number(isMain(b.network)) - Number(isMain(a.network)));
    const exits = chooseExits(wanted.map(candidateOf));
    try {
      for (const each of wanted) {
        const ports = portsOn(each.network.id, exits, request.ports);
        const reaches = each.network.name === DEFAULT_BRIDGE ? request.reaches : [];
        await this.#allocateOn(each, { ...request, ports }, reaches);
      }
    } catch (error) {
      await this.release(request.containerId);
      throw error;
    }
  }

  /** As `NetworkService.join`. */
  async join(containerId: string, sandbox: Sandbox): Promise<void> {
    const endpoints = this.#of(containerId);
    const exits = this.#exits(endpoints);
    for (const { network, endpoint } of endpoints) {
      await this.#joinOne(network, endpoint, sandbox, exits);
    }
  }

  /** Links of a running container that somebody deleted are there again. */
  async repair(containerId: string): Promise<void> {
    const sandbox = this.#parts.sandboxes.get(containerId);
    if (!sandbox) return;
    const endpoints = this.#of(containerId);
    const exits = this.#exits(endpoints);
    for (const { network, endpoint } of endpoints) {
      const driver = this.#parts.driver(network.driver);
      if (!driver.isLinkMissing(endpoint, sandbox)) continue;
      const options = { defaultRoute: routesOf(network, exits) };
      await driver.join(network, endpoint, sandbox, options);
    }
  }

  /** As `NetworkService.settleExits`. */
  async settleExits({ containerId, ports }: NetworkedContainer): Promise<void> {
    const sandbox = this.#parts.sandboxes.get(containerId);
    if (!sandbox) return;
    const exits = this.#exits(this.#of(containerId));
    const portsAt = (id: string) => portsOn(id, exits, ports);
    const lacking = this.#parts.sandboxes.lacksDefaultRoutes(sandbox);
    // Ports leave their old place before they are taken for the new one.
    const last = (id: string) => Number(portsAt(id).length > 0);
    const endpoints = this.#of(containerId).sort((a, b) => last(a.network.id) - last(b.network.id));
    for (const { network, endpoint } of endpoints) {
      const driver = this.#parts.driver(network.driver);
      const wanted = portsAt(network.id);
      const misplaced = wanted.length > 0 !== endpoint.ports.length > 0;
      const changed = misplaced ? await driver.changePorts(network, endpoint, wanted) : endpoint;
      const way = routesOf(network, exits);
      // What programs of the container made of its routes is theirs, as long as there is one.
      const stranded = (way.ipv4 && lacking.ipv4) || (way.ipv6 && lacking.ipv6);
      if (!stranded && changed.ports.length === endpoint.ports.length) continue;
      this.#parts.store.putEndpoint(changed);
      await driver.adjust(network, endpoint, changed, sandbox, { defaultRoute: way });
    }
  }

  /** As `NetworkService.connect`; the container runs. */
  async connect(container: NetworkedContainer, wanted: Wanted): Promise<EndpointRecord> {
    const { network } = wanted;
    const { containerId, containerName } = container;
    const before = this.#of(containerId);
    if (before.some((each) => each.network.id === network.id)) {
      throw endpointExists(containerName, network.name);
    }
    const exitsBefore = this.#exits(before);
    const endpoint = await this.#allocateOn(wanted, { ...container, ports: [] });
    try {
      const sandbox = await this.#parts.sandboxes.create(containerId);
      const exits = this.#exits(this.#of(containerId));
      await this.#moveExits(containerId, exitsBefore, exits, container.ports, sandbox, network.id);
      await this.#joinOne(network, this.#current(endpoint), sandbox, exits);
    } catch (error) {
      await this.#dropOne(network, this.#current(endpoint), false);
      throw error;
    }
    return this.#current(endpoint);
  }

  /** As `NetworkService.disconnect`; the container runs and the endpoint is its own. */
  async disconnect(container: NetworkedContainer, endpoint: EndpointRecord): Promise<void> {
    const { containerId } = container;
    const before = this.#exits(this.#of(containerId));
    const network = this.#parts.store.getNetwork(endpoint.networkId)!;
    await this.#dropOne(network, endpoint, false);
    this.#parts.publish("disconnect", network, containerId);
    const sandbox = this.#parts.sandboxes.get(containerId);
    if (!sandbox) return;
    const exits = this.#exits(this.#of(containerId));
    await this.#moveExits(containerId, before, exits, container.ports, sandbox, undefined);
  }

  /** As `NetworkService.release`. */
  async release(containerId: string): Promise<void> {
    const { store, sandboxes, names } = this.#parts;
    await names.stop(containerId);
    for (const endpoint of store.endpointsOfContainer(containerId)) {
      const network = store.getNetwork(endpoint.networkId);
      if (network) {
        await this.#dropOne(network, endpoint, true);
        this.#parts.publish("disconnect", network, containerId);
      } else store.removeEndpoint(endpoint.id);
    }
    await sandboxes.remove(containerId);
  }

  /** The endpoint is gone from the kernel and the store, whatever became of its container. */
  async remove(network: NetworkRecord, endpoint: EndpointRecord): Promise<void> {
    await this.#dropOne(network, endpoint, false);
  }

  /** As `NetworkService.changeReach`. */
  async changeReach(containerId: string, reaches: readonly ReachedPort[]): Promise<void> {
    const sandbox = this.#parts.sandboxes.get(containerId);
    const endpoints = this.#of(containerId);
    const exits = this.#exits(endpoints);
    for (const { network, endpoint } of endpoints) {
      if (!sandbox || network.name !== DEFAULT_BRIDGE) continue;
      const changed = { ...endpoint, reaches };
      this.#parts.store.putEndpoint(changed);
      const way = { defaultRoute: routesOf(network, exits) };
      await this.#parts.driver(network.driver).adjust(network, endpoint, changed, sandbox, way);
    }
  }

  /** The endpoints' names follow a container that was renamed. */
  rename(container: NamedContainer): void {
    const { store, names } = this.#parts;
    for (const { network, endpoint } of this.#of(container.containerId)) {
      const dnsNames = endpointNames(network, container, endpoint.aliases);
      const renamed = { ...endpoint, containerName: container.containerName, dnsNames };
      store.putEndpoint(renamed);
      names.addEndpoint(network, renamed);
    }
  }

  #of(containerId: string): Array<{ readonly network: NetworkRecord; readonly endpoint: EndpointRecord }> {
    const { store } = this.#parts;
    return store
      .endpointsOfContainer(containerId)
      .map((endpoint) => ({ network: this.#parts.network(endpoint.networkId), endpoint }));
  }

  #exits(endpoints: ReadonlyArray<{ network: NetworkRecord; endpoint: EndpointRecord }>): Exits {
    return chooseExits(
      endpoints.map(({ network, endpoint }) => ({ network, gatewayPriority: endpoint.gatewayPriority })),
    );
  }

  /** The record as it is stored now; as given where it is gone. */
  #current(endpoint: EndpointRecord): EndpointRecord {
    const stored = this.#parts.store.endpointsOfContainer(endpoint.containerId);
    return stored.find(({ id }) => id === endpoint.id) ?? endpoint;
  }

  async #allocateOn(
    { network, settings }: Wanted,
    container: NetworkedContainer,
    reaches: readonly ReachedPort[] = [],
  ): Promise<EndpointRecord> {
    checkEndpointSettings(network, settings);
    const ipam = settings.IPAMConfig;
    const aliases = settings.Aliases ?? [];
    const endpoint = await this.#parts.driver(network.driver).allocateEndpoint(network, {
      containerId: container.containerId,
      containerName: container.containerName,
      ...(ipam?.IPv4Address ? { ipv4Address: ipam.IPv4Address } : {}),
      ...(ipam?.IPv6Address ? { ipv6Address: ipam.IPv6Address } : {}),
      ...(ipam?.LinkLocalIPs?.length ? { linkLocalAddresses: ipam.LinkLocalIPs } : {}),
      ...(settings.MacAddress ? { macAddress: settings.MacAddress } : {}),
      aliases,
      links: settings.Links ?? [],
      dnsNames: endpointNames(network, container, aliases),
      driverOptions: settings.DriverOpts ?? {},
      gatewayPriority: settings.GwPriority ?? 0,
      ports: container.ports,
      exposedPorts: container.exposedPorts,
      ...(container.withoutIpv6 ? { withoutIpv6: true } : {}),
      ...(reaches.length > 0 ? { reaches } : {}),
    });
    this.#parts.store.putEndpoint(endpoint);
    return endpoint;
  }

  async #joinOne(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    exits: Exits,
  ): Promise<void> {
    const joined = await this.#parts.driver(network.driver).join(network, endpoint, sandbox, {
      defaultRoute: routesOf(network, exits),
    });
    if (joined !== endpoint) this.#parts.store.putEndpoint(joined);
    this.#parts.names.addEndpoint(network, joined);
    this.#parts.publish("connect", network, endpoint.containerId);
  }

  async #dropOne(network: NetworkRecord, endpoint: EndpointRecord, sandboxEnds: boolean): Promise<void> {
    const { store, names, sandboxes } = this.#parts;
    const driver = this.#parts.driver(network.driver);
    names.removeEndpoint(endpoint.id);
    await driver.leave(network, endpoint, sandboxes.get(endpoint.containerId), { sandboxEnds });
    await driver.releaseEndpoint(network, endpoint);
    store.removeEndpoint(endpoint.id);
  }

  /**
   * Default routes and published ports of a running container are where `after` has them. Ports and routes leave their old
   * place before they are taken for the new one; an endpoint in `except` has no link yet and only gets its ports.
   */
  async #moveExits(
    containerId: string,
    before: Exits,
    after: Exits,
    ports: readonly PortBinding[],
    sandbox: Sandbox,
    except: string | undefined,
  ): Promise<void> {
    if (before.ipv4 === after.ipv4 && before.ipv6 === after.ipv6) return;
    const portsMove = ({ id }: NetworkRecord) =>
      !isDeepStrictEqual(portsOn(id, before, ports), portsOn(id, after, ports));
    const place = async (network: NetworkRecord, { id }: EndpointRecord, bindings: PortBinding[]) => {
      const driver = this.#parts.driver(network.driver);
      const endpoint = this.#of(containerId).find((each) => each.endpoint.id === id)!.endpoint;
      const changed = portsMove(network) ? await driver.changePorts(network, endpoint, bindings) : endpoint;
      this.#parts.store.putEndpoint(changed);
      if (network.id === except) return;
      await driver.adjust(network, endpoint, changed, sandbox, { defaultRoute: routesOf(network, after) });
    };
    const gains = ({ id }: NetworkRecord) => Number(id === after.ipv4 || id === after.ipv6);
    const here = this.#of(containerId).sort((a, b) => gains(a.network) - gains(b.network));
    for (const { network, endpoint } of here) if (portsMove(network)) await place(network, endpoint, []);
    for (const { network, endpoint } of here) {
      await place(network, endpoint, portsOn(network.id, after, ports));
    }
  }
}

function candidateOf({ network, settings }: Wanted): ExitCandidate {
  return { network, gatewayPriority: settings.GwPriority ?? 0 };
}

function routesOf(network: NetworkRecord, exits: Exits): { readonly ipv4: boolean; readonly ipv6: boolean } {
  return { ipv4: exits.ipv4 === network.id, ipv6: exits.ipv6 === network.id };
}

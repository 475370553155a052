import type { EndpointRecord, EndpointRequest, NetworkRecord, PortBinding } from "./network-record.ts";

/** A sandbox that endpoints are put into: the network namespace of one container, bound to a path. */
export interface Sandbox {
  readonly containerId: string;
  /** Path of the namespace file, such as `/run/gantry/netns/1a2b…`. */
  readonly path: string;
}

/**
 * A kind of network. Every method is idempotent, so that start-up runs the same ones to repair what a crash left.
 * Records are stored by the service before the effect (intent first); drivers only touch the kernel and what the
 * record says.
 */
export interface NetworkDriver {
  readonly name: string;
  /** Checks and completes a new network: picks subnets, gateways, interface names. No effect on the kernel. Errors: invalidArgument, conflict. */
  plan(network: NetworkRecord): Promise<NetworkRecord>;
  /** Makes the network in the kernel (bridge, addresses, firewall). */
  createNetwork(network: NetworkRecord): Promise<void>;
  deleteNetwork(network: NetworkRecord): Promise<void>;
  /** Picks addresses, MAC, interface names and host ports; takes them, so that nobody else gets them. Errors: conflict (port taken), permissionDenied (address taken), unavailable (pool exhausted). */
  allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord>;
  /** Takes what a stored endpoint holds again, at start-up. */
  restoreEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void>;
  /** Makes the endpoint in the sandbox: links, addresses, routes, published ports. The endpoint as it is then, to be stored. */
  join(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<EndpointRecord>;
  /**
   * The endpoint with these ports in place of its own, to be stored; host ports that it no longer has stay taken until
   * `adjust`. No effect on the kernel's rules. Errors: conflict (port taken).
   */
  changePorts(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    ports: readonly PortBinding[],
  ): Promise<EndpointRecord>;
  /** A joined endpoint has the default routes of `options` and publishes its ports; those that only `before` had are given back. */
  adjust(
    network: NetworkRecord,
    before: EndpointRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox,
    options: JoinOptions,
  ): Promise<void>;
  /** Whether a joined endpoint's link is gone although its sandbox is there: somebody deleted it. */
  isLinkMissing(endpoint: EndpointRecord, sandbox: Sandbox): boolean;
  /** Takes the endpoint's links and ports down; works when the sandbox is gone. */
  leave(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    sandbox: Sandbox | undefined,
    options?: LeaveOptions,
  ): Promise<void>;
  /** Gives back addresses and host ports. */
  releaseEndpoint(network: NetworkRecord, endpoint: EndpointRecord): Promise<void>;
  /** Makes the kernel agree with these networks and endpoints, and removes what this engine made for any other. */
  reconcile(
    networks: ReadonlyArray<{ network: NetworkRecord; endpoints: readonly EndpointRecord[] }>,
  ): Promise<void>;
  /** Makes again what somebody took of networks; endpoints' own links are for `join`. Missing where nothing can be taken. */
  repair?(
    networks: ReadonlyArray<{ network: NetworkRecord; endpoints: readonly EndpointRecord[] }>,
  ): Promise<void>;
  /** From now on `damaged` is called soon after somebody took away what the driver made; missing where nothing can be. */
  watch?(damaged: () => void): void;
  /** How the addresses of the network's subnets are used, by subnet; undefined, or missing, where that is not known. */
  addressUse?(network: NetworkRecord): ReadonlyMap<string, AddressUse> | undefined;
  close(): Promise<void>;
}

/** Drivers by name, those of plug-ins among them. */
export interface NetworkDrivers {
  /** The engine's own. */
  readonly builtin: readonly NetworkDriver[];
  /** The driver of a network that is stored; that of a plug-in whether or not anyone answers by that name now. */
  known(name: string): NetworkDriver;
  /** The driver for a new network, its plug-in activated. Errors: notFound with docker's text, unavailable. */
  find(name: string): Promise<NetworkDriver>;
}

/** How the addresses of one subnet are used. */
export interface AddressUse {
  /** Addresses that nobody can be given: taken, reserved, or no addresses of their own. */
  readonly inUse: bigint;
  /** Addresses that are free for those that ask for none by name. */
  readonly available: bigint;
}

export interface JoinOptions {
  /** The families whose default route this endpoint gives the sandbox. */
  readonly defaultRoute: { readonly ipv4: boolean; readonly ipv6: boolean };
}

export interface LeaveOptions {
  /**
   * The caller removes the sandbox next. Links may then be left to the kernel, which takes them away with the namespace in
   * the background; deleting one in the foreground stops the whole process for 10 to 50 ms.
   */
  readonly sandboxEnds: boolean;
}

/** What a sandbox's resolver is to do with names that no container has. */
export interface ResolverSettings {
  /** Name servers that are asked, in this order, addresses as the host reaches them; undefined for the host's own. */
  readonly servers: readonly string[] | undefined;
  /** Whether names without a dot stay here: the user asked for a number of dots, so the search list comes first. */
  readonly keepsSingleNames: boolean;
}

/**
 * Answers questions for names inside sandboxes, at 127.0.0.11. A sandbox sees the names of the networks that it has an
 * endpoint in, and no others.
 */
export interface NameResolver {
  /** The endpoint's names lead to it; a second time replaces the first. */
  addEndpoint(network: NetworkRecord, endpoint: EndpointRecord): void;
  /** Idempotent. */
  removeEndpoint(endpointId: string): void;
  /** Questions in the sandbox are answered when this resolves. Idempotent; repeating it changes the settings. */
  serve(sandbox: Sandbox, settings: ResolverSettings): Promise<void>;
  /** Nothing in the sandbox is held by the resolver any more. Idempotent. */
  stop(containerId: string): Promise<void>;
  close(): Promise<void>;
}

/** Makes and removes sandboxes. */
export interface SandboxFactory {
  /** A new namespace with loopback up. Idempotent by container id. */
  create(containerId: string): Promise<Sandbox>;
  get(containerId: string): Sandbox | undefined;
  remove(containerId: string): Promise<void>;
  /** The families that the sandbox has no default route of, whoever made it. */
  lacksDefaultRoutes(sandbox: Sandbox): { readonly ipv4: boolean; readonly ipv6: boolean };
  /** Removes every sandbox of this engine whose container is not in `known`. */
  removeOrphans(known: ReadonlySet<string>): Promise<void>;
}

/** Stored networks and endpoints. Synchronous and transactional. */
export interface NetworkStore {
  addNetwork(network: NetworkRecord): void;
  getNetwork(id: string): NetworkRecord | undefined;
  findByName(name: string): NetworkRecord[];
  findByIdPrefix(prefix: string): NetworkRecord[];
  /** Oldest first. */
  listNetworks(): NetworkRecord[];
  removeNetwork(id: string): void;
  putEndpoint(endpoint: EndpointRecord): void;
  endpointsOf(networkId: string): EndpointRecord[];
  /** In the order of the interfaces' names: that of the container's main network comes first. */
  endpointsOfContainer(containerId: string): EndpointRecord[];
  listEndpoints(): EndpointRecord[];
  removeEndpoint(id: string): void;
}

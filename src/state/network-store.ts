import { alreadyExists, conflict, notFound } from "../base/errors.ts";
import type { NetworkStore } from "../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../core/networks/network-record.ts";
import { isReferenceViolation, isUniqueViolation, type StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

/**
 * Networks and endpoints in SQLite, with all of them in memory: reading costs no query and no parsing. Adding a network
 * whose id is taken fails with alreadyExists; removing one that has endpoints with conflict; storing an endpoint of an
 * unknown network with notFound. Removing is idempotent.
 */
export class SqliteNetworkStore implements NetworkStore {
  readonly #database: StateDatabase;
  /** Oldest first. */
  readonly #networks = new Map<string, NetworkRecord>();
  readonly #endpoints = new Map<string, EndpointRecord>();
  readonly #byNetwork = new Map<string, Set<string>>();
  readonly #byContainer = new Map<string, Set<string>>();

  constructor(database: StateDatabase) {
    this.#database = database;
    const records = (table: "networks" | "endpoints", order: string) =>
      database.all<{ record: string }>(`SELECT record FROM ${table} ORDER BY ${order}`);
    for (const { record } of records("networks", "sequence")) {
      const network: NetworkRecord = parseFrozen(record);
      this.#networks.set(network.id, network);
    }
    for (const { record } of records("endpoints", "id")) this.#rememberEndpoint(parseFrozen(record));
  }

  addNetwork(network: NetworkRecord): void {
    const json = JSON.stringify(network);
    try {
      this.#database.run(
        "INSERT INTO networks (id, name, record) VALUES (?, ?, ?)",
        network.id,
        network.name,
        json,
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw alreadyExists(`network ${network.id} already exists`, { cause: error });
    }
    this.#networks.set(network.id, parseFrozen(json));
  }

  getNetwork(id: string): NetworkRecord | undefined {
    return this.#networks.get(id);
  }

  findByName(name: string): NetworkRecord[] {
    return this.listNetworks().filter((network) => network.name === name);
  }

  findByIdPrefix(prefix: string): NetworkRecord[] {
    return this.listNetworks().filter((network) => network.id.startsWith(prefix));
  }

  listNetworks(): NetworkRecord[] {
    return [...this.#networks.values()];
  }

  removeNetwork(id: string): void {
    try {
      this.#database.run("DELETE FROM networks WHERE id = ?", id);
    } catch (error) {
      if (!isReferenceViolation(error)) throw error;
      throw conflict(`network ${id} has active endpoints`, { cause: error });
    }
    this.#networks.delete(id);
  }

  putEndpoint(endpoint: EndpointRecord): void {
    const json = JSON.stringify(endpoint);
    try {
      this.#database.run(
        `INSERT INTO endpoints (id, network_id, container_id, record) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE
         SET network_id = excluded.network_id, container_id = excluded.container_id, record = excluded.record`,
        endpoint.id,
        endpoint.networkId,
        endpoint.containerId,
        json,
      );
    } catch (error) {
      if (!isReferenceViolation(error)) throw error;
      throw notFound(`network ${endpoint.networkId} not found`, { cause: error });
    }
    this.#forgetEndpoint(endpoint.id);
    this.#rememberEndpoint(parseFrozen(json));
  }

  endpointsOf(networkId: string): EndpointRecord[] {
    return this.#endpointsIn(this.#byNetwork.get(networkId));
  }

  endpointsOfContainer(containerId: string): EndpointRecord[] {
    const endpoints = this.#endpointsIn(this.#byContainer.get(containerId));
    return endpoints.sort((a, b) => NATURAL.compare(a.interfaceName, b.interfaceName));
  }

  listEndpoints(): EndpointRecord[] {
    return this.#endpointsIn(this.#endpoints.keys());
  }

  removeEndpoint(id: string): void {
    this.#database.run("DELETE FROM endpoints WHERE id = ?", id);
    this.#forgetEndpoint(id);
  }

  /** The endpoints of these ids, in the order of their ids. */
  #endpointsIn(ids: Iterable<string> = []): EndpointRecord[] {
    return [...ids].sort().map((id) => this.#endpoints.get(id)!);
  }

  #rememberEndpoint(endpoint: EndpointRecord): void {
    this.#endpoints.set(endpoint.id, endpoint);
    addTo(this.#byNetwork, endpoint.networkId, endpoint.id);
    addTo(this.#byContainer, endpoint.containerId, endpoint.id);
  }

  #forgetEndpoint(id: string): void {
    const endpoint = this.#endpoints.get(id);
    if (!endpoint) return;
    this.#endpoints.delete(id);
    removeFrom(this.#byNetwork, endpoint.networkId, id);
    removeFrom(this.#byContainer, endpoint.containerId, id);
  }
}

/** `eth2` comes before `eth10`. */
const NATURAL = new Intl.Collator("en", { numeric: true });

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids) ids.add(id);
  else index.set(key, new Set([id]));
}

function removeFrom(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}

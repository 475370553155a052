import { alreadyExists, conflict, notFound } from "../base/errors.ts";
import type { NetworkStore } from "../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../core/networks/network-record.ts";
import { isReferenceViolation, isUniqueViolation, type StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

/**
 * Networks and endpoints in SQLite. Adding a network whose id is taken fails with alreadyExists; removing one that has
 * endpoints with conflict; storing an endpoint of an unknown network with notFound. Removing is idempotent.
 */
export class SqliteNetworkStore implements NetworkStore {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  addNetwork(network: NetworkRecord): void {
    try {
      this.#database.run(
        "INSERT INTO networks (id, name, record) VALUES (?, ?, ?)",
        network.id,
        network.name,
        JSON.stringify(network),
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw alreadyExists(`network ${network.id} already exists`, { cause: error });
    }
  }

  getNetwork(id: string): NetworkRecord | undefined {
    return this.#networks("SELECT record FROM networks WHERE id = ?", id)[0];
  }

  findByName(name: string): NetworkRecord[] {
    return this.#networks("SELECT record FROM networks WHERE name = ? ORDER BY sequence", name);
  }

  findByIdPrefix(prefix: string): NetworkRecord[] {
    // "g" is greater than every hexadecimal digit: the range holds exactly the ids with that prefix.
    return this.#networks(
      "SELECT record FROM networks WHERE id >= ? AND id < ? ORDER BY sequence",
      prefix,
      `${prefix}g`,
    );
  }

  listNetworks(): NetworkRecord[] {
    return this.#networks("SELECT record FROM networks ORDER BY sequence");
  }

  removeNetwork(id: string): void {
    try {
      this.#database.run("DELETE FROM networks WHERE id = ?", id);
    } catch (error) {
      if (!isReferenceViolation(error)) throw error;
      throw conflict(`network ${id} has active endpoints`, { cause: error });
    }
  }

  putEndpoint(endpoint: EndpointRecord): void {
    try {
      this.#database.run(
        `INSERT INTO endpoints (id, network_id, container_id, record) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE
         SET network_id = excluded.network_id, container_id = excluded.container_id, record = excluded.record`,
        endpoint.id,
        endpoint.networkId,
        endpoint.containerId,
        JSON.stringify(endpoint),
      );
    } catch (error) {
      if (!isReferenceViolation(error)) throw error;
      throw notFound(`network ${endpoint.networkId} not found`, { cause: error });
    }
  }

  endpointsOf(networkId: string): EndpointRecord[] {
    return this.#endpoints("SELECT record FROM endpoints WHERE network_id = ? ORDER BY id", networkId);
  }

  endpointsOfContainer(containerId: string): EndpointRecord[] {
    return this.#endpoints("SELECT record FROM endpoints WHERE container_id = ? ORDER BY id", containerId);
  }

  listEndpoints(): EndpointRecord[] {
    return this.#endpoints("SELECT record FROM endpoints ORDER BY id");
  }

  removeEndpoint(id: string): void {
    this.#database.run("DELETE FROM endpoints WHERE id = ?", id);
  }

  #networks(sql: string, ...parameters: string[]): NetworkRecord[] {
    return this.#database
      .all<{ record: string }>(sql, ...parameters)
      .map(({ record }) => parseFrozen(record));
  }

  #endpoints(sql: string, ...parameters: string[]): EndpointRecord[] {
    return this.#database
      .all<{ record: string }>(sql, ...parameters)
      .map(({ record }) => parseFrozen(record));
  }
}

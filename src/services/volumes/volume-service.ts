import { KeyedMutex } from "../../base/async.ts";
import { type Filters, matchesExactly, matchesLabels, matchesPattern } from "../../base/filters.ts";
import { newId } from "../../base/ids.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type { VolumeDriver, VolumeRecord, VolumeStore } from "../../core/volumes/volume.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumesPruneResponse,
} from "../../spec/engine-api/mod.ts";
import {
  invalidVolumeName,
  noSuchVolume,
  otherDriver,
  unknownVolumeDriver,
  volumeInUse,
  volumeNameTooShort,
} from "./errors.ts";

/** Ids of the containers that have a volume among their mounts. */
export type VolumeHolders = (volumeName: string) => readonly string[];

export interface VolumeServiceParts {
  readonly store: VolumeStore;
  readonly drivers: readonly VolumeDriver[];
  readonly events: EventLog;
  readonly holders: VolumeHolders;
  /** Bytes below a directory, for what prune reports. */
  readonly diskUsage: (directory: string) => Promise<number>;
}

const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

/** Volumes: made, shown, removed, and lent to containers. */
export class VolumeService {
  readonly #parts: VolumeServiceParts;
  readonly #locks = new KeyedMutex();

  constructor(parts: VolumeServiceParts) {
    this.#parts = parts;
  }

  async list(filters: Filters): Promise<VolumeListResponse> {
    const dangling = filters.get("dangling")?.[0];
    const volumes = this.#parts.store
      .list()
      .filter((volume) => matchesPattern(filters, "name", volume.name))
      .filter((volume) => matchesExactly(filters, "driver", volume.driver))
      .filter((volume) => matchesLabels(filters, "label", volume.labels))
      .filter((volume) => {
        if (dangling === undefined) return true;
        const wantsDangling = dangling === "true" || dangling === "1";
        return (this.#parts.holders(volume.name).length === 0) === wantsDangling;
      });
    return { Volumes: volumes.map((volume) => this.#describe(volume)), Warnings: null };
  }

  /** All volumes with their sizes and how many containers have them. */
  async listWithUsage(): Promise<Volume[]> {
    return await Promise.all(
      this.#parts.store.list().map(async (volume) => ({
        ...this.#describe(volume),
        UsageData: {
          Size: await this.#parts.diskUsage(this.#driver(volume.driver).pathOf(volume)),
          RefCount: this.#parts.holders(volume.name).length,
        },
      })),
    );
  }

  async inspect(name: string): Promise<Volume> {
    return this.#describe(this.#get(name));
  }

  async create(request: VolumeCreateRequest): Promise<Volume> {
    const anonymous = !request.Name;
    const volume = await this.ensure({
      name: request.Name || newId(),
      driver: request.Driver || "local",
      options: request.DriverOpts ?? {},
      labels: anonymous ? { ...request.Labels, [ANONYMOUS_LABEL]: "" } : (request.Labels ?? {}),
      anonymous,
    });
    return this.#describe(volume);
  }

  /** The volume of that name, made where it is missing. Errors: invalidArgument, notFound (driver), conflict (other driver). */
  async ensure(wanted: Omit<VolumeRecord, "createdAt">): Promise<VolumeRecord> {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(wanted.name)) throw invalidVolumeName(wanted.name);
    if (wanted.name.length < 2) throw volumeNameTooShort();
    using _turn = await this.#locks.acquire(wanted.name);
    const existing = this.#parts.store.get(wanted.name);
    if (existing) {
      if (existing.driver !== wanted.driver) throw otherDriver(wanted.name);
      return existing;
    }
    const volume: VolumeRecord = { ...wanted, createdAt: formatRfc3339Nano(nowNs()) };
    await this.#driver(volume.driver).create(volume);
    this.#parts.store.add(volume);
    this.#publish("create", volume);
    return volume;
  }

  /** A volume for one container alone. */
  ensureAnonymous(driver: string): Promise<VolumeRecord> {
    return this.ensure({
      name: newId(),
      driver,
      options: {},
      labels: { [ANONYMOUS_LABEL]: "" },
      anonymous: true,
    });
  }

  async remove(name: string, options: { readonly force: boolean }): Promise<void> {
    using _turn = await this.#locks.acquire(name);
    const volume = this.#parts.store.get(name);
    if (!volume) {
      if (options.force) return;
      throw noSuchVolume(name);
    }
    const holders = this.#parts.holders(name);
    if (holders.length > 0) throw volumeInUse(name, holders);
    await this.#removeUnused(volume);
  }

  /** Removes the volume unless some container still has it: what `rm -v` does for each volume of the container. */
  async removeIfUnused(name: string): Promise<void> {
    using _turn = await this.#locks.acquire(name);
    const volume = this.#parts.store.get(name);
    if (volume && this.#parts.holders(name).length === 0) await this.#removeUnused(volume);
  }

  async prune(filters: Filters): Promise<VolumesPruneResponse> {
    const named = ["true", "1"].includes(filters.get("all")?.[0] ?? "");
    const deleted: string[] = [];
    let reclaimed = 0;
    for (const volume of this.#parts.store.list()) {
      if (!named && !volume.anonymous) continue;
      if (!matchesLabels(filters, "label", volume.labels)) continue;
      if (filters.has("label!") && matchesLabels(filters, "label!", volume.labels)) continue;
      using _turn = await this.#locks.acquire(volume.name);
      if (!this.#parts.store.get(volume.name) || this.#parts.holders(volume.name).length > 0) continue;
      const sizeBytes = await this.#parts.diskUsage(this.#driver(volume.driver).pathOf(volume));
      await this.#removeUnused(volume);
      deleted.push(volume.name);
      reclaimed += sizeBytes;
    }
    this.#parts.events.publish({
      type: "volume",
      action: "prune",
      actor: { id: "", attributes: { reclaimed: String(reclaimed) } },
    });
    return { VolumesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed };
  }

  /** The directory to bind for a container. Errors: notFound. */
  async mount(name: string, containerId: string): Promise<string> {
    const volume = this.#get(name);
    return await this.#driver(volume.driver).mount(volume, containerId);
  }

  /** Takes back what `mount` lent; nothing where the volume is gone. */
  async unmount(name: string, containerId: string): Promise<void> {
    const volume = this.#parts.store.get(name);
    if (volume) await this.#driver(volume.driver).unmount(volume, containerId);
  }

  /** Directory of a volume as `Mountpoint` shows it; empty where the volume is gone. */
  mountpoint(name: string): string {
    const volume = this.#parts.store.get(name);
    return volume ? this.#driver(volume.driver).pathOf(volume) : "";
  }

  async #removeUnused(volume: VolumeRecord): Promise<void> {
    await this.#driver(volume.driver).remove(volume);
    this.#parts.store.remove(volume.name);
    this.#publish("destroy", volume);
  }

  #get(name: string): VolumeRecord {
    const volume = this.#parts.store.get(name);
    if (!volume) throw noSuchVolume(name);
    return volume;
  }

  #driver(name: string): VolumeDriver {
    const driver = this.#parts.drivers.find((known) => known.name === name);
    if (!driver) throw unknownVolumeDriver(name);
    return driver;
  }

  #describe(volume: VolumeRecord): Volume {
    const driver = this.#driver(volume.driver);
    return {
      CreatedAt: volume.createdAt.replace(/\.\d+Z$/, "Z"),
      Driver: volume.driver,
      Labels: Object.keys(volume.labels).length > 0 ? { ...volume.labels } : null,
      Mountpoint: driver.pathOf(volume),
      Name: volume.name,
      Options: Object.keys(volume.options).length > 0 ? { ...volume.options } : null,
      Scope: driver.scope,
    };
  }

  #publish(action: string, volume: VolumeRecord): void {
    this.#parts.events.publish({
      type: "volume",
      action,
      actor: { id: volume.name, attributes: { driver: volume.driver } },
    });
  }
}

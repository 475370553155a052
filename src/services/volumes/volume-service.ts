import { KeyedMutex } from "../../base/async.ts";
import { messageOf } from "../../base/errors.ts";
import type { Filters } from "../../base/filters.ts";
import { newId } from "../../base/ids.ts";
import type { Logger } from "../../base/logger.ts";
import { sortedByKey } from "../../base/sorted-by-key.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type { VolumeDrivers, VolumeRecord, VolumeStore } from "../../core/volumes/volume.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumesPruneResponse,
} from "../../spec/engine-api/mod.ts";
import { noSuchVolume, operationFailed, pruneRunning, usedButGone, volumeInUse } from "./errors.ts";
import { ANONYMOUS_LABEL, listFilter, pruneFilter } from "./filters.ts";
import { findExisting } from "./find-existing.ts";
import {
  anonymousVolume,
  type BorrowedVolume,
  collectVolumes,
  describeVolume,
  type FoundVolume,
  findForeign,
} from "./found-volume.ts";

import { renameVolume } from "./rename-volume.ts";
import { sweepVolumes } from "./sweep-volumes.ts";

/** Ids of the containers that have a volume among their mounts, by the volume's name. */
export type VolumeReferences = () => ReadonlyMap<string, readonly string[]>;

export interface VolumeServiceParts {
  readonly store: VolumeStore;
  readonly drivers: VolumeDrivers;
  readonly events: EventLog;
  readonly references: VolumeReferences;
  readonly logger: Logger;
  /** Bytes below a directory, for what prune and lists with sizes report. */
  readonly diskUsage: (directory: string) => Promise<number>;
}

/** What a container asks for: a driver that is empty means the one that has the volume, or `local`. */
export type WantedVolume = Omit<VolumeRecord, "createdAt">;

/** Volumes that nothing removes until this is disposed: a container is being made with them. */
export interface VolumeReservation extends Disposable {
  ensure(wanted: WantedVolume): Promise<VolumeRecord>;
  /** A volume for one container alone. */
  ensureAnonymous(driver: string): Promise<VolumeRecord>;
  /** The container will not be: the anonymous volumes made for it are gone. */
  abandon(): Promise<void>;
}

/** Volumes: made, shown, removed, and lent to containers. */
export class VolumeService {
  readonly #parts: VolumeServiceParts;
  /** One turn at a time for whatever changes or mounts one volume. */
  readonly #locks = new KeyedMutex();
  readonly #reserved = new Map<string, number>();
  #pruning = false;

  constructor(parts: VolumeServiceParts) {
    this.#parts = parts;
  }

  async list(filters: Filters): Promise<VolumeListResponse> {
    const accept = listFilter(filters, this.#parts.references);
    const { volumes, warnings } = await collectVolumes(this.#parts.drivers, this.#parts.store.list());
    return {
      Volumes: volumes.filter(({ record }) => accept(record)).map((found) => this.#describe(found)),
      Warnings: warnings.length > 0 ? warnings : null,
    };
  }

  /** The volumes that take space on this host, with their sizes and how many containers have them. */
  async listWithUsage(): Promise<Volume[]> {
    const references = this.#parts.references();
    const local = this.#parts.store
      .list()
      .filter(({ driver, options }) => driver === "local" && Object.keys(options).length === 0);
    return await Promise.all(
      local.map(async (record) => ({
        ...this.#describe({ record }),
        UsageData: {
          Size: await this.#sizeOf(record),
          RefCount: references.get(record.name)?.length ?? 0,
        },
      })),
    );
  }

  /** Errors: notFound. */
  async inspect(name: string): Promise<Volume> {
    return this.#describe(await this.find(name));
  }

  async create(request: VolumeCreateRequest): Promise<Volume> {
    const anonymous = !request.Name;
    const record = await this.ensure({
      name: request.Name || newId(),
      driver: request.Driver ?? "",
      options: sortedByKey(request.DriverOpts ?? {}),
      labels: sortedByKey(anonymous ? { ...request.Labels, [ANONYMOUS_LABEL]: "" } : (request.Labels ?? {})),
      anonymous,
    });
    return this.#describe({ record });
  }

  /** The volume of that name, made where it is missing. Errors: invalidArgument, notFound (driver), conflict (other driver). */
  async ensure(wanted: WantedVolume): Promise<VolumeRecord> {
    try {
      using _turn = await this.#locks.acquire(wanted.name);
      const existing = await findExisting(this.#parts, wanted, (volume) => this.#dropStale(volume));
      return existing ?? (await this.#make(wanted));
    } catch (error) {
      throw operationFailed("create", wanted.name, error);
    }
  }

  reserve(): VolumeReservation {
    const reserved: Disposable[] = [];
    const made: string[] = [];
    const hold = async (wanted: WantedVolume) => {
      // Before the volume is looked for: from here on nobody can take it away.
      reserved.push(this.#reserve(wanted.name));
      return await this.ensure(wanted);
    };
    const release = () => {
      for (const each of reserved.splice(0)) each[Symbol.dispose]();
    };
    return {
      ensure: hold,
      ensureAnonymous: async (driver) => {
        const volume = await hold(anonymousVolume(driver));
        made.push(volume.name);
        return volume;
      },
      abandon: async () => {
        release();
        for (const name of made) await this.removeIfUnused(name);
      },
      [Symbol.dispose]: release,
    };
  }

  /** Errors: notFound, conflict (in use). With `force` a volume that is not there, or whose driver is gone, is no error. */
  async remove(name: string, options: { readonly force: boolean }): Promise<void> {
    using _turn = await this.#locks.acquire(name);
    const record = this.#parts.store.get(name) ?? (await findForeign(this.#parts.drivers, name))?.record;
    if (!record) {
      if (options.force) return;
      throw noSuchVolume(name);
    }
    const holders = this.#holdersOf(name);
    if (holders.length > 0) throw volumeInUse(name, holders);
    if (this.#reserved.has(name)) throw volumeInUse(name, []);
    try {
      await this.#removeUnused(record);
    } catch (error) {
      if (!options.force || record.driver === "local") throw operationFailed("remove", name, error);
      // Its driver cannot be asked: what is known of it here goes all the same.
      this.#forget(record);
    }
  }

  /** An unused volume has the name `newName` from now on. Errors: notFound, conflict (in use, driver), alreadyExists, invalidArgument. */
  async rename(name: string, newName: string): Promise<Volume> {
    // In one order, so that two that swap names do not wait for each other.
    const names = [...new Set([name, newName])].sort();
    await using turns = new AsyncDisposableStack();
    for (const each of names) turns.use(await this.#locks.acquire(each));
    const record = this.#parts.store.get(name);
    if (!record) throw noSuchVolume(name);
    if (this.#isUsed(name)) throw volumeInUse(name, this.#holdersOf(name));
    if (this.#isUsed(newName)) throw volumeInUse(newName, this.#holdersOf(newName));
    const driver = await this.#parts.drivers.find(record.driver);
    const renamed = await renameVolume(this.#parts.store, driver, record, newName);
    this.#publish("rename", renamed, { oldName: name });
    return this.#describe({ record: renamed });
  }

  /** Removes the volume unless some container still has it: what `rm -v` does for each volume of the container. */
  async removeIfUnused(name: string): Promise<void> {
    using _turn = await this.#locks.acquire(name);
    const volume = this.#parts.store.get(name);
    if (volume && !this.#isUsed(name)) await this.#removeUnused(volume);
  }

  /** Errors: invalidArgument (filters), conflict (another prune runs). */
  async prune(filters: Filters): Promise<VolumesPruneResponse> {
    const accept = pruneFilter(filters);
    if (this.#pruning) throw pruneRunning();
    this.#pruning = true;
    try {
      return await this.#pruneAll(this.#parts.store.list().filter(accept));
    } finally {
      this.#pruning = false;
    }
  }

  /** The directory to bind for a container. Errors: notFound. */
  async mount(name: string, containerId: string): Promise<string> {
    using _turn = await this.#locks.acquire(name);
    return await this.#mount(name, containerId);
  }

  /** Takes back what `mount` lent, true where something was lent; nothing where the volume is gone. */
  async unmount(name: string, containerId: string): Promise<boolean> {
    using _turn = await this.#locks.acquire(name);
    const volume = this.#parts.store.get(name);
    if (!volume) return false;
    return await this.#parts.drivers.stored(volume.driver).unmount(volume, containerId);
  }

  /** Lends the volume for as long as `use` runs; nobody else mounts, fills or removes it meanwhile. */
  async withMounted<T>(name: string, holder: string, use: (directory: string) => Promise<T>): Promise<T> {
    using _turn = await this.#locks.acquire(name);
    const { record } = await this.find(name);
    const driver = await this.#parts.drivers.find(record.driver);
    try {
      return await use(await this.#mount(name, holder));
    } finally {
      await driver.unmount(record, holder);
    }
  }

  /**
   * What `put` puts into the directory that it is given is in the volume, which is lent to `holder` meanwhile; all of it or
   * nothing where the driver can. `put` looks itself whether it may.
   */
  async fill(name: string, holder: string, put: (directory: string) => Promise<void>): Promise<void> {
    await this.withMounted(name, holder, async (directory) => {
      const { record } = await this.find(name);
      const driver = await this.#parts.drivers.find(record.driver);
      await (driver.fill ? driver.fill(record, put) : put(directory));
    });
  }

  /** The volume's directory, mounted and safe from removal until it is given back. Errors: notFound. */
  async borrow(name: string): Promise<BorrowedVolume> {
    await using held = new AsyncDisposableStack();
    held.use(this.#reserve(name));
    const holder = `engine-${newId()}`;
    const directory = await this.mount(name, holder);
    held.defer(async () => void (await this.unmount(name, holder)));
    const moved = held.move();
    return { directory, [Symbol.asyncDispose]: () => moved.disposeAsync() };
  }

  /** After a restart of the engine: `loans` are the volumes of the containers that still run, with those containers. */
  async restore(loans: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const { store, drivers } = this.#parts;
    const lost = await sweepVolumes(store, await drivers.find("local"));
    // Either it was being removed when the engine ended, or somebody deleted its files.
    for (const volume of lost) if (!this.#isUsed(volume.name)) await this.#removeUnused(volume);
    for (const volume of this.#parts.store.list()) {
      const holders = loans.get(volume.name) ?? new Set<string>();
      // A plug-in is asked only where something of it is in use: it may be a container that is not up yet.
      if (volume.driver !== "local" && holders.size === 0) continue;
      await this.#parts.drivers.stored(volume.driver).restore(volume, holders);
    }
  }

  /** Directory of a volume as `Mountpoint` shows it; empty where the volume is gone. */
  mountpoint(name: string): string {
    const volume = this.#parts.store.get(name);
    return volume ? (this.#parts.drivers.known(volume.driver)?.pathOf(volume) ?? "") : "";
  }

  /** A volume with what its driver says of it. Errors: notFound. */
  async find(name: string): Promise<FoundVolume> {
    const record = this.#parts.store.get(name);
    if (!record) {
      const foreign = await findForeign(this.#parts.drivers, name);
      if (!foreign) throw noSuchVolume(name);
      return foreign;
    }
    try {
      const driver = await this.#parts.drivers.find(record.driver);
      if (!driver.find) return { record };
      const live = await driver.find(name);
      if (live) return { record, live };
    } catch (error) {
      throw operationFailed("get", name, error);
    }
    // Somebody removed it behind the engine's back.
    if (!this.#isUsed(name)) this.#forget(record);
    throw noSuchVolume(name);
  }

  #reserve(name: string): Disposable {
    this.#reserved.set(name, (this.#reserved.get(name) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#reserved.get(name)! - 1;
        if (left === 0) this.#reserved.delete(name);
        else this.#reserved.set(name, left);
      },
    };
  }

  /** What is stored of a volume that is gone is gone as well. Errors: conflict where containers have it. */
  #dropStale(volume: VolumeRecord): void {
    if (this.#holdersOf(volume.name).length > 0) throw usedButGone(volume.name, volume.driver);
    this.#forget(volume);
  }

  async #make(wanted: WantedVolume): Promise<VolumeRecord> {
    const driver = await this.#parts.drivers.find(wanted.driver || "local");
    const volume = { ...wanted, driver: driver.name, createdAt: formatRfc3339Nano(nowNs()) };
    // A plug-in may have the volume from another engine: then it is taken as it is.
    if (!(await driver.find?.(volume.name))) await driver.create(volume);
    this.#parts.store.add(volume);
    this.#publish("create", volume);
    return volume;
  }

  async #mount(name: string, holder: string): Promise<string> {
    const { record } = await this.find(name);
    const driver = await this.#parts.drivers.find(record.driver);
    try {
      return await driver.mount(record, holder);
    } catch (error) {
      throw operationFailed("error while mounting volume", `'${driver.pathOf(record)}'`, error);
    }
  }

  async #pruneAll(candidates: readonly VolumeRecord[]): Promise<VolumesPruneResponse> {
    const deleted: string[] = [];
    let reclaimed = 0;
    for (const { name } of candidates) {
      using _turn = await this.#locks.acquire(name);
      const volume = this.#parts.store.get(name);
      if (!volume || this.#isUsed(name)) continue;
      const sizeBytes = await this.#sizeOf(volume);
      try {
        await this.#removeUnused(volume);
      } catch (error) {
        // As docker: one that cannot be removed keeps nobody from the space of the others.
        this.#parts.logger.warn({ volume: name, reason: messageOf(error) }, "could not remove a volume");
        continue;
      }
      deleted.push(name);
      reclaimed += Math.max(sizeBytes, 0);
    }
    this.#parts.events.publish({
      type: "volume",
      action: "prune",
      actor: { id: "", attributes: { reclaimed: String(reclaimed) } },
    });
    return { VolumesDeleted: deleted, SpaceReclaimed: reclaimed };
  }

  async #sizeOf(volume: VolumeRecord): Promise<number> {
    try {
      return await this.#parts.diskUsage(this.#parts.drivers.known(volume.driver)!.pathOf(volume));
    } catch {
      // Docker's number for a size that could not be found out.
      return -1;
    }
  }

  #holdersOf(name: string): readonly string[] {
    return this.#parts.references().get(name) ?? [];
  }

  #isUsed(name: string): boolean {
    return this.#reserved.has(name) || this.#holdersOf(name).length > 0;
  }

  async #removeUnused(volume: VolumeRecord): Promise<void> {
    await (await this.#parts.drivers.find(volume.driver)).remove(volume);
    this.#forget(volume);
  }

  #forget(volume: VolumeRecord): void {
    this.#parts.store.remove(volume.name);
    this.#publish("destroy", volume);
  }

  #describe(found: FoundVolume): Volume {
    return describeVolume(this.#parts.drivers, found);
  }

  #publish(action: string, volume: VolumeRecord, more: Readonly<Record<string, string>> = {}): void {
    this.#parts.events.publish({
      type: "volume",
      action,
      actor: { id: volume.name, attributes: { driver: volume.driver, ...more } },
    });
  }
}

import { join } from "node:path";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import { LocalContentStore } from "../../drivers/content-local/mod.ts";
import { EnginePaths } from "../../services/containers/engine-paths.ts";
import {
  SqliteContainerStore,
  SqliteImageStore,
  SqliteLeaseStore,
  SqliteManagedPluginStore,
  SqliteNetworkStore,
  SqliteVolumeStore,
} from "../../state/mod.ts";
import type { Foundation } from "./foundation.ts";
import { openStorage } from "./storage-driver.ts";

/** Where an engine keeps what it has: records, blobs and file systems. */
export interface Stores {
  readonly paths: EnginePaths;
  readonly snapshotter: Snapshotter;
  readonly content: LocalContentStore;
  readonly containers: SqliteContainerStore;
  readonly images: SqliteImageStore;
  readonly leases: SqliteLeaseStore;
  readonly networks: SqliteNetworkStore;
  readonly volumes: SqliteVolumeStore;
  readonly plugins: SqliteManagedPluginStore;
}

/** The storage driver's snapshots are as its records say, and nothing is leased: who held a lease is gone. */
export async function openStores(
  { dataRoot, runRoot, settings, database, workers, logger }: Foundation,
  resources: AsyncDisposableStack,
): Promise<Stores> {
  const storage = resources.use(
    await openStorage({
      dataRoot,
      driver: settings["storage-driver"],
      driverOptions: settings["storage-opt"],
      database,
      workers,
      log: logger,
    }),
  );
  const { snapshotter } = storage;
  const stores: Stores = {
    paths: new EnginePaths(dataRoot, storage.root, runRoot),
    snapshotter,
    content: new LocalContentStore(join(storage.root, "content")),
    containers: new SqliteContainerStore(storage.database),
    images: new SqliteImageStore(storage.database),
    leases: new SqliteLeaseStore(storage.database),
    networks: new SqliteNetworkStore(database),
    volumes: new SqliteVolumeStore(database),
    plugins: new SqliteManagedPluginStore(database),
  };
  stores.leases.clear();
  resources.defer(() => snapshotter.close());
  await snapshotter.reconcile();
  return stores;
}

import { join } from "node:path";
import { BackgroundWork } from "../../base/background-work.ts";
import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import { LocalVolumeDriver } from "../../drivers/volume-local/local-volume-driver.ts";
import { PluginVolumeDrivers } from "../../services/plugins/mod.ts";
import { builtinVolumeDrivers, VolumeService, volumeReferences } from "../../services/volumes/mod.ts";
import type { Foundation } from "./foundation.ts";
import type { Stores } from "./stores.ts";

export interface VolumeNeeds extends Foundation {
  readonly stores: Stores;
  readonly plugins: Plugins;
}

export interface Volumes {
  readonly service: VolumeService;
  readonly drivers: PluginVolumeDrivers;
}

export function createVolumes(
  { dataRoot, workers, events, logger, stores, plugins }: VolumeNeeds,
  resources: AsyncDisposableStack,
): Volumes {
  const clearing = resources.use(new BackgroundWork(logger));
  const local = new LocalVolumeDriver(join(dataRoot, "volumes"), clearing);
  const drivers = new PluginVolumeDrivers(builtinVolumeDrivers([local]), plugins);
  const service = new VolumeService({
    store: stores.volumes,
    drivers,
    events,
    logger,
    references: () => volumeReferences(stores.containers.list()),
    diskUsage: async (directory) => (await workers.run("measure", { directory })).sizeBytes,
  });
  return { service, drivers };
}

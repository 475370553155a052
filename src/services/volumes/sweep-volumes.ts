import type { VolumeDriver, VolumeRecord, VolumeStore } from "../../core/volumes/volume.ts";
import { foreignRecord } from "./found-volume.ts";
import { finishRenames } from "./rename-volume.ts";

/**
 * What is stored and what a driver has agree, after the engine was away: renames have ended, and volumes that somebody put
 * there are stored. The volumes whose bytes are gone.
 */
export async function sweepVolumes(store: VolumeStore, driver: VolumeDriver): Promise<VolumeRecord[]> {
  await finishRenames(store, driver);
  const stored = store.list().filter((volume) => volume.driver === driver.name);
  const { found, lost } = (await driver.sweep?.(stored)) ?? { found: [], lost: [] };
  for (const volume of found) store.add(foreignRecord(driver, volume));
  return stored.filter(({ name }) => lost.includes(name));
}

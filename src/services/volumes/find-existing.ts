import type { VolumeDrivers, VolumeRecord, VolumeStore } from "../../core/volumes/volume.ts";
import { nameOfOtherDriver, nobodyKnowsWhether } from "./errors.ts";
import { findForeign } from "./found-volume.ts";
import type { WantedVolume } from "./volume-service.ts";

/**
 * The volume that there is already under the wanted name; undefined where it is to be made. `dropStale` is called with what is
 * stored of one that its driver has no longer. Errors: conflict (another driver's, or its driver does not answer), notFound
 * (driver), what `dropStale` throws.
 */
export async function findExisting(
  { store, drivers }: { readonly store: VolumeStore; readonly drivers: VolumeDrivers },
  wanted: WantedVolume,
  dropStale: (volume: VolumeRecord) => void,
): Promise<VolumeRecord | undefined> {
  const { name } = wanted;
  const existing = store.get(name);
  if (existing) {
    // A driver may be called by several names.
    const driver = wanted.driver === "" ? existing.driver : (await drivers.find(wanted.driver)).name;
    if (await isStillThere(drivers, existing)) {
      if (driver !== existing.driver) throw nameOfOtherDriver(name, existing.driver);
      return existing;
    }
    dropStale(existing);
  }
  return wanted.driver === "" ? (await findForeign(drivers, name))?.record : undefined;
}

/** Plug-ins lose volumes behind the engine's back. */
async function isStillThere(drivers: VolumeDrivers, { name, driver }: VolumeRecord): Promise<boolean> {
  try {
    const asked = await drivers.find(driver);
    return !asked.find || (await asked.find(name)) !== undefined;
  } catch (error) {
    throw nobodyKnowsWhether(name, driver, error);
  }
}

import type { VolumeDriver, VolumeRecord, VolumeStore } from "../../core/volumes/volume.ts";
import { cannotBeRenamed } from "./errors.ts";

/**
 * An unused volume has another name, and everything else that it had. After a crash in between it is stored under its new
 * name; `finishRenames` lets its bytes follow. Errors: conflict (driver), alreadyExists, invalidArgument (name).
 */
export async function renameVolume(
  store: VolumeStore,
  driver: VolumeDriver,
  record: VolumeRecord,
  name: string,
): Promise<VolumeRecord> {
  if (!driver.rename) throw cannotBeRenamed(record.name, driver.name);
  const renamed = { ...record, name };
  store.replace(record.name, { ...renamed, renamedFrom: record.name });
  try {
    await driver.rename(record.name, name);
  } catch (error) {
    store.replace(name, record);
    throw error;
  }
  store.replace(name, renamed);
  return renamed;
}

/** Volumes that were being renamed when the engine ended have their bytes again, under one name or the other. */
export async function finishRenames(store: VolumeStore, driver: VolumeDriver): Promise<void> {
  for (const { renamedFrom, ...record } of store.list()) {
    if (renamedFrom === undefined || record.driver !== driver.name) continue;
    try {
      await driver.rename!(renamedFrom, record.name);
      store.replace(record.name, record);
    } catch {
      // What was refused then is refused now, and nobody waits for an answer any more.
      store.replace(record.name, { ...record, name: renamedFrom });
    }
  }
}

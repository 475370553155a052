import type { VolumeDriver, VolumeDrivers } from "../../core/volumes/volume.ts";
import { unknownVolumeDriver } from "./errors.ts";

/** Drivers that are part of the engine, and no others. */
export function builtinVolumeDrivers(drivers: readonly VolumeDriver[]): VolumeDrivers {
  const known = (name: string) => drivers.find((driver) => driver.name === name);
  return {
    known,
    find: async (name) => {
      const driver = known(name);
      if (!driver) throw unknownVolumeDriver(name);
      return driver;
    },
    names: () => drivers.map(({ name }) => name),
    all: async () => drivers,
  };
}

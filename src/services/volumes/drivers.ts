import type { VolumeDriver, VolumeDrivers } from "../../core/volumes/volume.ts";
import { unknownVolumeDriver } from "./errors.ts";

/** Drivers that are part of the engine, and no others. */
export function builtinVolumeDrivers(drivers: readonly VolumeDriver[]): VolumeDrivers {
  const known = (name: string) => drivers.find((driver) => driver.name === name);
  const stored = (name: string) => {
    const driver = known(name);
    if (!driver) throw unknownVolumeDriver(name);
    return driver;
  };
  return {
    known,
    stored,
    find: async (name) => stored(name),
    names: () => drivers.map(({ name }) => name),
    all: async () => drivers,
  };
}

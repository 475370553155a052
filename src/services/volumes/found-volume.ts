import { newId } from "../../base/ids.ts";
import type { DriverVolume, VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";
import { ANONYMOUS_LABEL } from "./filters.ts";
import type { WantedVolume } from "./volume-service.ts";

/** A volume's directory for as long as it is held. */
export interface BorrowedVolume extends AsyncDisposable {
  readonly directory: string;
}

/** A volume as it is stored, and as its driver tells of it where the driver has a word of its own. */
export interface FoundVolume {
  readonly record: VolumeRecord;
  readonly live?: DriverVolume;
}

/** A volume that nobody named, with the label by which prune knows it. */
export function anonymousVolume(driver: string): WantedVolume {
  const labels = { [ANONYMOUS_LABEL]: "" };
  return { name: newId(), driver: driver || "local", options: {}, labels, anonymous: true };
}

/** The record of a volume that only its driver knows. */
export function foreignRecord(driver: VolumeDriver, { name, createdAt }: DriverVolume): VolumeRecord {
  return {
    name,
    driver: driver.name,
    createdAt: createdAt ?? "0001-01-01T00:00:00Z",
    labels: {},
    options: {},
    anonymous: false,
  };
}

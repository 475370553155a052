import { messageOf } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { DriverVolume, VolumeDriver, VolumeDrivers, VolumeRecord } from "../../core/volumes/volume.ts";
import type { Volume } from "../../spec/engine-api/mod.ts";
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

/**
 * Every volume of every driver, those that only `stored` knows among them. A driver that does not answer is a warning; what is
 * stored of it is listed.
 */
export async function collectVolumes(
  drivers: VolumeDrivers,
  stored: readonly VolumeRecord[],
): Promise<{ readonly volumes: FoundVolume[]; readonly warnings: string[] }> {
  const records = new Map(stored.map((record) => [record.name, record]));
  const warnings: string[] = [];
  const found = new Map<string, FoundVolume>();
  const hidden = new Set<string>();
  const ask = async (driver: VolumeDriver) => {
    try {
      const volumes = (await driver.list?.()) ?? [];
      for (const live of volumes) {
        const record = records.get(live.name) ?? foreignRecord(driver, live);
        if (record.driver === driver.name) found.set(live.name, { record, live });
      }
      if (driver.list) hidden.add(driver.name);
    } catch (error) {
      warnings.push(`list ${driver.name}: ${messageOf(error)}`);
    }
  };
  await Promise.all((await drivers.all()).map(ask));
  for (const record of records.values()) {
    if (!hidden.has(record.driver)) found.set(record.name, { record });
  }
  return { volumes: [...found.values()], warnings };
}

/** A volume that some driver has and this engine did not make. */
export async function findForeign(drivers: VolumeDrivers, name: string): Promise<FoundVolume | undefined> {
  for (const driver of await drivers.all()) {
    const live = await driver.find?.(name, { impatient: true }).catch(() => {
      // A driver that cannot be asked has no volume to offer; docker goes on to the next as well.
      return undefined;
    });
    if (live) return { record: foreignRecord(driver, live), live };
  }
  return undefined;
}

/** A volume as the API shows it. */
export function describeVolume(drivers: VolumeDrivers, { record, live }: FoundVolume): Volume {
  const driver = drivers.known(record.driver);
  return {
    CreatedAt: withoutFraction(live?.createdAt ?? record.createdAt),
    Driver: record.driver,
    Labels: Object.keys(record.labels).length > 0 ? { ...record.labels } : null,
    Mountpoint: live?.mountpoint ?? driver?.pathOf(record) ?? "",
    Name: record.name,
    Options: Object.keys(record.options).length > 0 ? { ...record.options } : null,
    Scope: driver?.scope ?? "local",
    ...(live?.status ? { Status: live.status } : {}),
  };
}

/** An RFC 3339 time in UTC to the second. */
function withoutFraction(time: string): string {
  // By hand: lists have thousands of them, and a regular expression takes fifty times as long.
  const dot = time.indexOf(".");
  return dot < 0 || !time.endsWith("Z") ? time : `${time.slice(0, dot)}Z`;
}

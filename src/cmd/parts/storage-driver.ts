import { readdirSync } from "node:fs";
import { join } from "node:path";
import { EngineError, isKind, messageOf, unavailable } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import type { LayerWorkers } from "../../drivers/layers/mod.ts";
import { openBtrfsSnapshotter } from "../../drivers/snapshots-btrfs/mod.ts";
import { openErofsSnapshotter } from "../../drivers/snapshots-erofs/mod.ts";
import { openFuseOverlayfsSnapshotter } from "../../drivers/snapshots-fuse-overlayfs/mod.ts";
import { openOverlaySnapshotter } from "../../drivers/snapshots-overlay/mod.ts";
import { openVfsSnapshotter } from "../../drivers/snapshots-vfs/mod.ts";
import { SqliteSnapshotRows, StateDatabase } from "../../state/mod.ts";

export interface StorageOptions {
  readonly dataRoot: string;
  /** Name of the driver; empty for the one that is there already, or else fits best. */
  readonly driver: string;
  /** `key=value` each. */
  readonly driverOptions: readonly string[];
  /** The engine's own database, in the data root. Held alone: it is not to be opened twice. */
  readonly database: StateDatabase;
  readonly workers: LayerWorkers;
  readonly log: Logger;
}

/** A storage driver and what belongs to it: images, containers and their files are seen by one driver only. */
export interface Storage extends Disposable {
  readonly snapshotter: Snapshotter;
  /** Directory of images and containers of this driver. */
  readonly root: string;
  /** Their records. */
  readonly database: StateDatabase;
}

const OPENERS = {
  overlay2: openOverlaySnapshotter,
  "fuse-overlayfs": openFuseOverlayfsSnapshotter,
  btrfs: openBtrfsSnapshotter,
  vfs: openVfsSnapshotter,
  erofs: openErofsSnapshotter,
} as const;

type DriverName = keyof typeof OPENERS;

/** In the order in which they are tried where none is named; others are taken only by name. */
const AUTOMATIC: readonly DriverName[] = ["overlay2", "fuse-overlayfs", "btrfs", "vfs"];
const REMOVED = new Set(["aufs", "devicemapper", "overlay"]);

/**
 * Opens the storage of the driver that was asked for. Where none was, that of the one driver which has snapshots already, so
 * that no images vanish by themselves, or else the first that works. Errors: unavailable and invalidArgument with
 * docker's texts. Source: moby, daemon/graphdriver, New.
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { driver } = options;
  try {
    if (driver !== "") return await openNamed(driver, options);
    const prior = priorDrivers(options.dataRoot);
    if (prior.length > 1) throw severalPrior(options.dataRoot, prior);
    if (prior.length === 1) return await openDriver(prior[0]!, options);
    return await openFirst(options);
  } catch (error) {
    const name = driver === "" ? "" : `: ${driver}`;
    const kind = error instanceof EngineError ? error.kind : "unavailable";
    throw new EngineError(kind, `error initializing graphdriver: ${messageOf(error)}${name}`, {
      cause: error,
    });
  }
}

async function openNamed(name: string, options: StorageOptions): Promise<Storage> {
  if (REMOVED.has(name)) {
    throw unavailable(
      `[graphdriver] ERROR: the ${name} storage-driver has been deprecated and removed; visit https://docs.docker.com/go/storage-driver/ for more information`,
    );
  }
  if (!isDriver(name)) throw unavailable("driver not supported");
  return await openDriver(name, options);
}

async function openFirst(options: StorageOptions): Promise<Storage> {
  for (const name of AUTOMATIC) {
    try {
      return await openDriver(name, options);
    } catch (error) {
      if (!isKind(error, "unavailable")) throw error;
      options.log.info({ driver: name, reason: messageOf(error) }, "storage driver does not work here");
    }
  }
  throw unavailable("no supported storage driver found");
}

async function openDriver(name: DriverName, options: StorageOptions): Promise<Storage> {
  const root = storageRoot(options.dataRoot, name);
  using undo = new DisposableStack();
  const isOwn = root !== options.dataRoot;
  const database = isOwn ? undo.use(new StateDatabase(join(root, "gantry.db"))) : options.database;
  const snapshotter = await OPENERS[name]({
    root: snapshotsRoot(options.dataRoot, name),
    rows: new SqliteSnapshotRows(database, name),
    workers: options.workers,
    driverOptions: options.driverOptions,
    log: options.log,
  });
  const held = undo.move();
  return { snapshotter, root, database, [Symbol.dispose]: () => held.dispose() };
}

/** overlay2's storage lies in the data root itself, where it has been from the start; every other driver's below it. */
function storageRoot(dataRoot: string, driver: DriverName): string {
  return driver === "overlay2" ? dataRoot : join(dataRoot, driver);
}

function snapshotsRoot(dataRoot: string, driver: DriverName): string {
  return join(storageRoot(dataRoot, driver), "snapshots", driver);
}

/** Drivers that have snapshots here. As with docker, vfs does not count: it is what remains where nothing else works. */
function priorDrivers(dataRoot: string): DriverName[] {
  const names = Object.keys(OPENERS) as DriverName[];
  return names.filter(
    (name) => name !== "vfs" && hasEntries(join(snapshotsRoot(dataRoot, name), "snapshots")),
  );
}

function hasEntries(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    // It was never made, or nobody can read it: the driver has nothing to lose there.
    return false;
  }
}

function severalPrior(dataRoot: string, names: readonly string[]): Error {
  return unavailable(
    `${dataRoot} contains several valid graphdrivers: ${names.join(", ")}; cleanup or explicitly choose storage driver (-s <DRIVER>)`,
  );
}

function isDriver(name: string): name is DriverName {
  return Object.hasOwn(OPENERS, name);
}

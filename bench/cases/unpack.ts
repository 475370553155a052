import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Snapshotter } from "../../src/core/snapshots/snapshotter.ts";
import { LayerWorkers, type SnapshotterOptions, unpackLayer } from "../../src/drivers/layers/mod.ts";
import { openBtrfsSnapshotter } from "../../src/drivers/snapshots-btrfs/mod.ts";
import { openErofsSnapshotter } from "../../src/drivers/snapshots-erofs/mod.ts";
import { openOverlaySnapshotter } from "../../src/drivers/snapshots-overlay/mod.ts";
import { openVfsSnapshotter } from "../../src/drivers/snapshots-vfs/mod.ts";
import { SqliteSnapshotRows, StateDatabase } from "../../src/state/mod.ts";
import { CACHE, debianTree } from "../images/debian-tree.ts";
import type { Outcome } from "../measure.ts";
import { runOrThrow } from "../peers/process.ts";
import { summarize } from "../stats.ts";

export const UNPACK = "unpack a Debian layer";

/** An unpacked layer takes a second or several. */
const MOST_RUNS = 7;
const BTRFS_BYTES = 8 * 1024 ** 3;

const OPENERS: Readonly<Record<string, (options: SnapshotterOptions) => Snapshotter | Promise<Snapshotter>>> =
  {
    overlay2: openOverlaySnapshotter,
    erofs: openErofsSnapshotter,
    "btrfs on a loop device": openBtrfsSnapshotter,
    vfs: openVfsSnapshotter,
  };

/**
 * How long each storage driver takes to make one gzip layer of the many-file Debian tree a committed snapshot that has
 * reached the disk. Removing it again is not timed.
 */
export async function measureUnpack(runs: number): Promise<Record<string, Outcome>> {
  const layer = packedTree();
  const folder = mkdtempSync(join(tmpdir(), "gantry-bench-unpack-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true }));
  const workers = stack.use(new LayerWorkers());
  const snapshotters: Record<string, Snapshotter> = {};
  const outcomes: Record<string, Outcome> = {};
  for (const [driver, open] of Object.entries(OPENERS)) {
    try {
      const root = driver.startsWith("btrfs") ? mountBtrfs(folder, stack) : join(folder, driver);
      const database = stack.use(new StateDatabase(join(folder, `${driver}.db`)));
      const snapshotter = await open({ root, rows: new SqliteSnapshotRows(database, driver), workers });
      stack.defer(() => snapshotter.close());
      snapshotters[driver] = snapshotter;
    } catch (error) {
      outcomes[driver] = { missing: (error as Error).message.split("\n")[0]! };
    }
  }
  const series = new Map<string, number[]>();
  for (let run = 0; run <= Math.min(runs, MOST_RUNS); run++) {
    for (const [driver, snapshotter] of Object.entries(snapshotters)) {
      const elapsedMs = await timeUnpack(snapshotter, workers, layer);
      // The first one is not counted.
      if (run > 0) series.set(driver, [...(series.get(driver) ?? []), elapsedMs]);
    }
  }
  for (const driver of Object.keys(snapshotters)) outcomes[driver] = summarize(series.get(driver)!);
  return outcomes;
}

async function timeUnpack(snapshotter: Snapshotter, workers: LayerWorkers, path: string): Promise<number> {
  runOrThrow(["sync"]);
  const startMs = performance.now();
  await snapshotter.prepare("extract");
  await unpackLayer(workers, { path }, await snapshotter.applyTarget("extract"));
  await snapshotter.commit("layer", "extract");
  await snapshotter.sync();
  const elapsedMs = performance.now() - startMs;
  await snapshotter.remove("layer");
  await snapshotter.reconcile();
  return elapsedMs;
}

/** The tree as one gzip layer, made on first use and kept. */
function packedTree(): string {
  const path = join(CACHE, "bench-debian.tar.gz");
  const tree = debianTree();
  if (existsSync(path) && statSync(path).mtimeMs > statSync(tree).mtimeMs) return path;
  const unfinished = `${path}.${process.pid}`;
  runOrThrow(["tar", "-C", tree, "--numeric-owner", "-czf", unfinished, "."]);
  runOrThrow(["mv", unfinished, path]);
  return path;
}

/** A directory on a btrfs of its own, which is in a file. */
function mountBtrfs(folder: string, stack: AsyncDisposableStack): string {
  const image = join(folder, "btrfs.img");
  const mountPoint = join(folder, "btrfs");
  writeFileSync(image, "");
  truncateSync(image, BTRFS_BYTES);
  runOrThrow(["mkfs.btrfs", "-q", image]);
  runOrThrow(["mkdir", mountPoint]);
  runOrThrow(["mount", "-o", "loop", image, mountPoint]);
  stack.defer(() => void runOrThrow(["umount", mountPoint]));
  return join(mountPoint, "root");
}

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SnapshotRows } from "../../core/snapshots/snapshot-rows.ts";
import type { SnapshotterFixture } from "../../core/snapshots/snapshotter.suite.ts";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import { getXattr } from "../../os/linux/xattr.ts";
import { SqliteSnapshotRows, StateDatabase } from "../../state/mod.ts";
import { LayerWorkers, mountSnapshot, unmountSnapshot, unpackLayer } from "./mod.ts";

export interface FixtureParts {
  readonly root: string;
  readonly rows: SnapshotRows;
  readonly workers: LayerWorkers;
}

export interface RealSnapshotterFixture extends SnapshotterFixture {
  readonly root: string;
  rows: SnapshotRows;
}

/** A snapshotter over a folder in `base`, a database and threads of its own. */
export async function openSnapshotterFixture(
  driver: string,
  make: (parts: FixtureParts) => Promise<Snapshotter>,
  base = tmpdir(),
): Promise<RealSnapshotterFixture> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(base, "gantry-snapshots-"));
  undo.defer(() => rm(folder, { recursive: true }));
  const root = join(folder, "root");
  const workers = undo.use(new LayerWorkers({ maxWorkers: 1 }));
  let database = new StateDatabase(join(folder, "state.db"));
  undo.defer(() => database.close());
  let mounts = 0;
  const fixture = {
    root,
    rows: new SqliteSnapshotRows(database, driver) as SnapshotRows,
    xattr: getXattr,
    snapshotter: undefined as unknown as Snapshotter,
    async apply(key: string, tar: Uint8Array) {
      const stream = (async function* () {
        yield tar;
      })();
      return (await unpackLayer(workers, stream, await fixture.snapshotter.applyTarget(key))).implied;
    },
    async mount(key: string) {
      const path = join(folder, `mount-${mounts++}`);
      await mkdir(path);
      await mountSnapshot(await fixture.snapshotter.mounts(key), path);
      return { path, [Symbol.asyncDispose]: () => unmountSnapshot(path) };
    },
    async reopen() {
      database.close();
      database = new StateDatabase(join(folder, "state.db"));
      fixture.rows = new SqliteSnapshotRows(database, driver);
      fixture.snapshotter = await make({ root, rows: fixture.rows, workers });
      return fixture.snapshotter;
    },
    async [Symbol.asyncDispose]() {
      // Removals in the background are over then.
      await fixture.snapshotter.reconcile();
      await fixture.snapshotter.close();
      await held.disposeAsync();
    },
  };
  fixture.snapshotter = await make({ root, rows: fixture.rows, workers });
  const held = undo.move();
  return fixture;
}

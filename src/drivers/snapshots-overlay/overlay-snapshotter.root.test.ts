import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { testRebase } from "../../core/snapshots/rebase.suite.ts";
import { testLayerDepth, testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { mountLoopFilesystem } from "../layers/loop-filesystem.fixture.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openOverlaySnapshotter } from "./overlay-snapshotter.ts";

const open = () => openSnapshotterFixture("overlay2", openOverlaySnapshotter);

const limited = mountLoopFilesystem(["mkfs.xfs", "-q"], 300 << 20, "loop,pquota");
afterAll(() => limited?.[Symbol.dispose]());

describe("contract", () => {
  testSnapshotter(open);
  testRebase(open);
  testLayerDepth(open);
});

test("status rows are docker's", async () => {
  await using fixture = await open();
  expect((await fixture.snapshotter.status()).map(([label]) => label)).toEqual([
    "Backing Filesystem",
    "Supports d_type",
    "Using metacopy",
    "Native Overlay Diff",
    "userxattr",
  ]);
});

describe.skipIf(!limited)("on a file system with project quotas", () => {
  const openLimited = (...driverOptions: string[]) =>
    openSnapshotterFixture(
      "overlay2",
      (parts) => openOverlaySnapshotter({ ...parts, driverOptions }),
      limited!.path,
    );
  /** Writes ten megabytes as somebody whom limits hold, from inside, since the way there is root's alone. */
  const fill = (directory: string) =>
    spawnSync(
      "sh",
      [
        "-c",
        'cd "$1" && chmod 777 . && setpriv --reuid 65534 --clear-groups --inh-caps=-all dd if=/dev/zero of=fill bs=1M count=10',
        "sh",
        directory,
      ],
      { encoding: "utf8" },
    ).stderr;

  test("a container takes no more than it was given, or than the daemon gives to all", async () => {
    await using fixture = await openLimited("overlay2.size=4m");
    const { snapshotter } = fixture;
    await snapshotter.prepare("extract");
    await snapshotter.commit("layer", "extract");
    await snapshotter.prepare("default", "layer", { storageOptions: {} });
    await snapshotter.prepare("larger", "layer", { storageOptions: { size: "20m" } });
    {
      await using small = await fixture.mount("default");
      expect(fill(small.path)).toMatch(/No space left on device|Disk quota exceeded/);
      await using large = await fixture.mount("larger");
      expect(fill(large.path)).toContain("10 MB");
    }
    await expect(snapshotter.prepare("other", "layer", { storageOptions: { inodes: "5" } })).rejects.toThrow(
      "Unknown option inodes",
    );
  });
});

test("options of daemons and containers are checked as docker does", async () => {
  const openWith = (...driverOptions: string[]) =>
    openSnapshotterFixture("overlay2", (parts) => openOverlaySnapshotter({ ...parts, driverOptions }));
  await expect(openWith("dm.fs=xfs")).rejects.toThrow("overlay2: unknown option dm.fs");
  await expect(openWith("overlay2.size")).rejects.toThrow(
    "unable to parse storage-opt key/value: overlay2.size",
  );
  await expect(openWith("overlay2.size=much")).rejects.toThrow("invalid size: 'much'");
  await expect(openWith("overlay2.size=1g")).rejects.toThrow(
    "Storage Option overlay2.size only supported for backingFS XFS. Found extfs",
  );
  await using fixture = await openWith("overlay2.override_kernel_check=true");
  await expect(
    fixture.snapshotter.prepare("container", undefined, { storageOptions: { size: "1g" } }),
  ).rejects.toThrow("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
});

test("reconcile removes what no row names and rows that were never finished", async () => {
  await using fixture = await open();
  await mkdir(join(fixture.root, "snapshots", "999", "fs"), { recursive: true });
  fixture.rows.add({ key: "half", kind: "active" });
  await mkdir(join(fixture.root, "snapshots", String(fixture.rows.get("half")!.directory)));
  await fixture.snapshotter.prepare("whole");
  fixture.rows.add({ key: "gone", kind: "active" });
  fixture.rows.setRemoving("gone");
  await fixture.snapshotter.reconcile();
  expect(fixture.rows.list().map((row) => row.key)).toEqual(["whole"]);
  expect(await readdir(join(fixture.root, "snapshots"))).toHaveLength(1);
  expect(await readdir(join(fixture.root, "trash"))).toEqual([]);
});

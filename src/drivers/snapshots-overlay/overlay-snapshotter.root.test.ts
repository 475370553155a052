import { describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { testLayerDepth, testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openOverlaySnapshotter } from "./overlay-snapshotter.ts";

const open = () => openSnapshotterFixture("overlay2", openOverlaySnapshotter);

describe("contract", () => {
  testSnapshotter(open);
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

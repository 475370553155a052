import { describe, expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { OverlaySnapshotter } from "./overlay-snapshotter.ts";

const open = () => openSnapshotterFixture("overlay2", (parts) => OverlaySnapshotter.open(parts));

describe("contract", () => testSnapshotter(open));

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

test("127 layers can be mounted", async () => {
  await using fixture = await open();
  let parent: string | undefined;
  for (let number = 1; number <= 127; number++) {
    await fixture.snapshotter.prepare("next", parent);
    const { directory } = await fixture.snapshotter.applyTarget("next");
    await writeFile(join(directory, `file-${number}`), "");
    parent = `layer-${number}`;
    await fixture.snapshotter.commit(parent, "next");
  }
  await fixture.snapshotter.prepare("container", parent);
  await using mounted = await fixture.mount("container");
  expect(await readdir(mounted.path)).toHaveLength(127);
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

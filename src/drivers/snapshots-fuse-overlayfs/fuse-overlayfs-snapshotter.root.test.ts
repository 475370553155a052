import { describe } from "bun:test";
import { testRebase } from "../../core/snapshots/rebase.suite.ts";
import { testLayerDepth, testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openFuseOverlayfsSnapshotter } from "./fuse-overlayfs-snapshotter.ts";

const open = () =>
  openSnapshotterFixture("fuse-overlayfs", async (parts) => openFuseOverlayfsSnapshotter(parts));

describe("contract", () => {
  testSnapshotter(open);
  testRebase(open);
  testLayerDepth(open);
});

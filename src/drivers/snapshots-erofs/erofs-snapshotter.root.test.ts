import { describe } from "bun:test";
import { testRebase } from "../../core/snapshots/rebase.suite.ts";
import { testLayerDepth, testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openErofsSnapshotter } from "./erofs-snapshotter.ts";

const open = () => openSnapshotterFixture("erofs", openErofsSnapshotter);

describe("contract", () => {
  testSnapshotter(open);
  testRebase(open);
  testLayerDepth(open);
});

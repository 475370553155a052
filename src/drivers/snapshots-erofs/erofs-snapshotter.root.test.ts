import { describe } from "bun:test";
import { testLayerDepth, testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openErofsSnapshotter } from "./erofs-snapshotter.ts";

const open = () => openSnapshotterFixture("erofs", openErofsSnapshotter);

describe("contract", () => {
  testSnapshotter(open);
  testLayerDepth(open);
});

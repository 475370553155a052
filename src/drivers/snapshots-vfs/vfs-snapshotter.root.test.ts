import { describe } from "bun:test";
import { testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openVfsSnapshotter } from "./vfs-snapshotter.ts";

describe("contract", () =>
  testSnapshotter(() => openSnapshotterFixture("vfs", async (parts) => openVfsSnapshotter(parts))));

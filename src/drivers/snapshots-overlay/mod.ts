export { OverlaySnapshotter, type OverlaySnapshotterOptions } from "./overlay-snapshotter.ts";

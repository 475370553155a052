export { readDriverOptions } from "./driver-options.ts";
export { FolderSnapshotter, type SnapshotterOptions } from "./folder-snapshotter.ts";
export { LayerWorkers } from "./layer-workers.ts";
export { mountSnapshot, OVERLAY_OPTIONS, unmountSnapshot } from "./mount-snapshot.ts";
export { isOpaque } from "./overlay-marks.ts";
export { packTree } from "./pack-tree.ts";
export type { SnapshotFormat, SnapshotPlace } from "./snapshot-format.ts";
export type { TarSource } from "./tar-tree.ts";
export { type LayerSource, type UnpackOptions, unpackLayer } from "./unpack-layer.ts";

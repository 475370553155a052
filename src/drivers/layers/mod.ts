export type { UnpackedLayer } from "./apply-layer.ts";
export type { ExtractTarget } from "./extract-archive.ts";
export { FolderSnapshotter, type FolderSnapshotterOptions } from "./folder-snapshotter.ts";
export { LayerWorkers } from "./layer-workers.ts";
export { mountSnapshot, OVERLAY_OPTIONS, unmountSnapshot } from "./mount-snapshot.ts";
export { packTree } from "./pack-tree.ts";
export type { SnapshotFormat, SnapshotPlace } from "./snapshot-format.ts";
export type { TarSource } from "./tar-tree.ts";
export { type LayerSource, unpackLayer } from "./unpack-layer.ts";

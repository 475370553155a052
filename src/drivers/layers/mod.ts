export type { UnpackedLayer } from "./apply-layer.ts";
export type { ExtractTarget } from "./extract-archive.ts";
export { LayerWorkers } from "./layer-workers.ts";
export { mountSnapshot, OVERLAY_OPTIONS, unmountSnapshot } from "./mount-snapshot.ts";
export { packTree } from "./pack-tree.ts";
export { SnapshotFolders } from "./snapshot-folders.ts";
export type { TarSource } from "./tar-tree.ts";
export { type LayerSource, unpackLayer } from "./unpack-layer.ts";

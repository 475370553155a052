export { VfsSnapshotter, type VfsSnapshotterOptions } from "./vfs-snapshotter.ts";

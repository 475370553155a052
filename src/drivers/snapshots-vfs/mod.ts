export { filesOf, VfsFormat } from "./vfs-format.ts";
export { openVfsSnapshotter } from "./vfs-snapshotter.ts";

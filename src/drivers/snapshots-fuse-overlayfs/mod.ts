export { openFuseOverlayfsSnapshotter } from "./fuse-overlayfs-snapshotter.ts";

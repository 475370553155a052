export { openBtrfsSnapshotter } from "./btrfs-snapshotter.ts";

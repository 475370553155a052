export { openErofsSnapshotter } from "./erofs-snapshotter.ts";

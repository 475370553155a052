export { OVERLAY_FILES, OverlayFormat } from "./overlay-format.ts";
export { openOverlaySnapshotter } from "./overlay-snapshotter.ts";

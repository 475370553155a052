export { countErofsFiles, EROFS_DATA_START_BYTES, encodeErofs } from "./encode-image.ts";
export { EROFS_BLOCK_BYTES, EROFS_HOLE, type ErofsContent, type ErofsNode } from "./erofs-node.ts";

export { applyConfigChanges } from "./config-changes.ts";
export { ImageService } from "./image-service.ts";
export type { NewImage, NewLayer } from "./new-image.ts";
export type { ImageUser, ImageUsers } from "./parts.ts";
export { type Report, reportBytes, reportRetries, streamProgress } from "./progress-stream.ts";
export type { ResolvedImage } from "./resolve.ts";

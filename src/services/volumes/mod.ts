export { VolumeService, type VolumeServiceParts } from "./volume-service.ts";

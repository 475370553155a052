export { builtinVolumeDrivers } from "./drivers.ts";
export { volumeReferences } from "./references.ts";
export { VolumeCopies } from "./volume-copies.ts";
export {
  type VolumeReservation,
  VolumeService,
} from "./volume-service.ts";

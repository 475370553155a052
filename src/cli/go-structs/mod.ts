import { parseGoStructs } from "../../spec/go-template/go-structs.ts";
import { CONTAINER_STRUCTS } from "./containers.ts";
import { IMAGE_STRUCTS } from "./images.ts";
import { NETWORK_STRUCTS } from "./networks.ts";
import { PLUGIN_STRUCTS } from "./plugins.ts";
import { SYSTEM_STRUCTS } from "./system.ts";
import { VOLUME_STRUCTS } from "./volumes.ts";

/** The structs that docker reads the engine's answers into before a template sees them. */
export const GO_STRUCTS = parseGoStructs(
  [CONTAINER_STRUCTS, IMAGE_STRUCTS, NETWORK_STRUCTS, VOLUME_STRUCTS, PLUGIN_STRUCTS, SYSTEM_STRUCTS].join(
    "",
  ),
);

/** For each kind of object, the struct of its inspection. */
export const INSPECTED_STRUCTS = {
  container: "container.InspectResponse",
  image: "image.InspectResponse",
  network: "network.Inspect",
  volume: "volume.Volume",
  plugin: "types.Plugin",
} as const;

export type InspectedKind = keyof typeof INSPECTED_STRUCTS;

/** The Engine API's data types, all of them erased at run time. */
export type * from "./containers.ts";
export type * from "./descriptors.ts";
export type * from "./disk-usage.ts";
export type * from "./endpoints.ts";
export type * from "./events.ts";
export type * from "./exec.ts";
export type * from "./host-config.ts";
export type * from "./images.ts";
export type * from "./mounts.ts";
export type * from "./networks.ts";
export type * from "./plugins.ts";
export type * from "./ports.ts";
export type * from "./progress.ts";
export type * from "./stats.ts";
export type * from "./system.ts";
export type * from "./volumes.ts";

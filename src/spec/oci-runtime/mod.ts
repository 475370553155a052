/** The OCI runtime's configuration document, all of it erased at run time. */
export type * from "./linux.ts";
export type * from "./process.ts";
export type * from "./resources.ts";
export type * from "./runtime-spec.ts";
export type * from "./seccomp.ts";

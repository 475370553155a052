/**
 * The name that help and messages call the program by: its own, or docker's where it is installed under that name, so
 * that what reads docker's messages reads these. The wrapper script says so, since the runtime hides how it was called.
 */
export const PROGRAM = process.env["GANTRY_CALLED_AS"] === "docker" ? "docker" : "gantry";

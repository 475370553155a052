/** The name that help and messages call the program by. */
export const PROGRAM = "gantry";

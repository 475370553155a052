import { prepared, type TimedCase } from "./case.ts";

/** The shortest conversation of a command line with its engine. */
export const version: TimedCase = {
  name: "version",
  prepare: (peer) => prepared(() => peer.version()),
};

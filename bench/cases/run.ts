import { prepared, type TimedCase } from "./case.ts";

/** From the command to the prompt: create, start, run `true`, remove; with the default network. */
export const runDefaultNetwork: TimedCase = {
  name: "run --rm",
  prepare: (peer) => prepared(() => peer.run({ network: "default", command: ["true"] })),
};

/** The same without a network. */
export const runNoNetwork: TimedCase = {
  name: "run --rm --network none",
  prepare: (peer) => prepared(() => peer.run({ network: "none", command: ["true"] })),
};

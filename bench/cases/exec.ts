import { runOrThrow } from "../peers/process.ts";
import type { TimedCase } from "./case.ts";

const CONTAINER = "bench-exec";

/** `true` in a container that runs already. */
export const execTrue: TimedCase = {
  name: "exec",
  prepare(peer) {
    const { exec, remove, runDetached } = peer;
    if (!exec || !remove || !runDetached) return undefined;
    runOrThrow(runDetached(CONTAINER, ["sleep", "100000"]));
    return {
      next: () => exec(CONTAINER, ["true"]),
      async [Symbol.asyncDispose]() {
        runOrThrow(remove(CONTAINER));
      },
    };
  },
};

import { runOrThrow } from "../peers/process.ts";
import { prepared, type TimedCase } from "./case.ts";

const CONTAINER = "bench-output";
const MEGABYTES = 64;

/** Prints lines of a hundred characters. */
const PRINT = ["sh", "-c", `yes $(printf %099d 0) | head -c ${MEGABYTES * 2 ** 20}`];

/** A command line whose output the shell throws away, so that nobody waits for a reader. */
function unread(command: readonly string[]): string[] {
  return ["sh", "-c", '"$@" >/dev/null', "sh", ...command];
}

/** From the container to the client, with the log written on the way. */
export const attach: TimedCase = {
  name: `run --rm printing ${MEGABYTES} MB`,
  mostRuns: 5,
  prepare(peer) {
    // Without an engine there is neither a client nor a log.
    if (!peer.logs) return undefined;
    return prepared(() => unread(peer.run({ network: "none", command: PRINT })));
  },
};

/** The whole log of a container that has ended. */
export const readLogs: TimedCase = {
  name: `logs of ${MEGABYTES} MB`,
  mostRuns: 5,
  prepare({ logs, remove, runDetached, wait }) {
    if (!logs || !remove || !runDetached || !wait) return undefined;
    runOrThrow(runDetached(CONTAINER, PRINT));
    runOrThrow(wait(CONTAINER));
    return {
      next: () => unread(logs(CONTAINER)),
      async [Symbol.asyncDispose]() {
        runOrThrow(remove(CONTAINER));
      },
    };
  },
};

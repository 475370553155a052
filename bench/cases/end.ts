import type { RunningPeer } from "../peers/peer.ts";
import { runOrThrow } from "../peers/process.ts";
import type { TimedCase } from "./case.ts";

const CONTAINER = "bench-end";

/** A first process that ends when it is told to. */
const OBEDIENT = ["sh", "-c", 'trap "exit 0" TERM; while :; do sleep 100000 & wait; done'];

/** A case that ends a container: what is not timed makes it, and takes away what the case leaves. */
function ending(
  name: string,
  command: (peer: Ready) => readonly string[],
  rest: (peer: Ready) => void,
): TimedCase {
  return {
    name,
    prepare(peer) {
      if (!isReady(peer)) return undefined;
      return {
        next() {
          // What the measurement before has left: nothing for `rm`, a stopped container for `stop`.
          runOrThrow(peer.remove(CONTAINER));
          runOrThrow(peer.runDetached(CONTAINER, OBEDIENT));
          rest(peer);
          return command(peer);
        },
        async [Symbol.asyncDispose]() {
          runOrThrow(peer.remove(CONTAINER));
        },
      };
    },
  };
}

type Ready = RunningPeer & Required<Pick<RunningPeer, "remove" | "runDetached" | "stop" | "removeStopped">>;

function isReady(peer: RunningPeer): peer is Ready {
  return Boolean(peer.remove && peer.runDetached && peer.stop && peer.removeStopped);
}

/** From the command to the prompt, of a container that ends at the first signal. */
export const stop = ending(
  "stop",
  (peer) => peer.stop(CONTAINER),
  () => {},
);

/** Removes a container that has ended. */
export const remove = ending(
  "rm",
  (peer) => peer.removeStopped(CONTAINER),
  (peer) => void runOrThrow(peer.stop(CONTAINER)),
);

/** Kills and removes a running container. */
export const removeRunning = ending(
  "rm -f",
  (peer) => peer.remove(CONTAINER),
  () => {},
);

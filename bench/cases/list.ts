import { callApi } from "../api-call.ts";
import type { RunningPeer } from "../peers/peer.ts";
import type { Step, TimedCase } from "./case.ts";
import { makeCrowd } from "./crowd.ts";

const COUNT = 1000;

/** A case that looks at a thousand containers that never ran. */
function among(name: string, look: (peer: RunningPeer, socketPath: string) => Step | undefined): TimedCase {
  return {
    name: `${name} of ${COUNT}`,
    async prepare(peer) {
      const step = peer.socketPath && look(peer, peer.socketPath);
      if (!step) return undefined;
      const crowd = await makeCrowd(peer.socketPath, COUNT);
      return { next: () => step, [Symbol.asyncDispose]: () => crowd[Symbol.asyncDispose]() };
    },
  };
}

/** The list over the API alone. */
export const listByApi = among("GET /containers/json?all=1", (_peer, socketPath) => async () => {
  await callApi(socketPath, "GET", "/containers/json?all=1");
});

/** The list as the command line prints it. */
export const listByCommand = among("ps -a", ({ listAll }) => listAll?.());

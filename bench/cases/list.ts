import { askApi } from "../api-call.ts";
import type { RunningPeer } from "../peers/peer.ts";
import type { Step, TimedCase } from "./case.ts";
import { type Crowd, makeCrowd, makeVolumes } from "./crowd.ts";

const COUNT = 1000;

/** A case that looks at a thousand of what `make` makes. */
function among(
  name: string,
  make: (socketPath: string, count: number) => Promise<Crowd>,
  look: (peer: RunningPeer, socketPath: string) => Step | undefined,
): TimedCase {
  return {
    name: `${name} of ${COUNT}`,
    async prepare(peer) {
      const step = peer.socketPath && look(peer, peer.socketPath);
      if (!step) return undefined;
      const crowd = await make(peer.socketPath, COUNT);
      return { next: () => step, [Symbol.asyncDispose]: () => crowd[Symbol.asyncDispose]() };
    },
  };
}

/** Containers that never ran, over the API alone. */
export const listByApi = among("GET /containers/json?all=1", makeCrowd, (_peer, socketPath) => async () => {
  await askApi(socketPath, "GET", "/containers/json?all=1");
});

/** Containers as the command line prints them. */
export const listByCommand = among("ps -a", makeCrowd, ({ listAll }) => listAll?.());

/** Volumes over the API alone. */
export const listVolumesByApi = among("GET /volumes", makeVolumes, (_peer, socketPath) => async () => {
  await askApi(socketPath, "GET", "/volumes");
});

/** Volumes as the command line prints them. */
export const listVolumesByCommand = among("volume ls", makeVolumes, ({ listVolumes }) => listVolumes?.());

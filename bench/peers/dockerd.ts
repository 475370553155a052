import { join } from "node:path";
import { CGROUP_PARENT } from "../cgroups.ts";
import { DOCKER, dockerCommands, imageCommands, importImage } from "./docker-cli.ts";
import type { Peer } from "./peer.ts";
import { descendantsOf, firstLine, processesRunning, startDaemon } from "./process.ts";

/** dockerd with the containerd it starts for itself, on roots, socket and bridge of its own. */
export const dockerd: Peer = {
  name: "dockerd",

  find() {
    const version = firstLine("dockerd", "--version");
    if (!version) return { missing: "no dockerd on this machine" };
    if (!firstLine(DOCKER, "--version")) return { missing: "no docker CLI on this machine" };
    return { version };
  },

  async start({ directory, imageTar }) {
    const root = join(directory, "dockerd");
    const host = `unix://${root}.sock`;
    const prefix = [DOCKER, "-H", host];
    const daemon = await startDaemon(
      [
        "dockerd",
        "-H",
        host,
        "--data-root",
        `${root}/data`,
        "--exec-root",
        `${root}/exec`,
        "--pidfile",
        `${root}.pid`,
        "--storage-driver",
        "overlay2",
        "--cgroup-parent",
        CGROUP_PARENT,
        "--log-level",
        "error",
      ],
      `${root}.log`,
      [...prefix, "version"],
    );
    importImage(prefix, imageTar);
    return {
      ...dockerCommands(prefix),
      images: imageCommands(prefix),
      socketPath: `${root}.sock`,
      restingProcesses: () => [daemon.pid, ...descendantsOf(daemon.pid)],
      monitorProcesses: () => processesRunning("containerd-shim-runc-v2", `${root}/exec`),
      [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
    };
  },
};

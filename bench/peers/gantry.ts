import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DOCKER, dockerCommands, imageCommands, importImage } from "./docker-cli.ts";
import type { Peer, RunningPeer, Workspace } from "./peer.ts";
import { firstLine, processesRunning, startDaemon } from "./process.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const program = join(repository, "gantry");
const daemonProgram = join(repository, "gantryd");

function find(): ReturnType<Peer["find"]> {
  if (!existsSync(join(repository, "src/cmd/gantryd.ts"))) return { missing: "no daemon in this tree" };
  if (!firstLine(DOCKER, "--version")) return { missing: "no docker CLI on this machine" };
  return { version: firstLine(program, "--version") ?? "gantry" };
}

async function start(
  { directory, imageTar }: Workspace,
  name: string,
  cli: string,
  driver: "overlay2" | "erofs" = "overlay2",
): Promise<RunningPeer> {
  const root = join(directory, name);
  const host = `unix://${root}.sock`;
  const prefix = [cli, "-H", host];
  const daemon = await startDaemon(
    [
      daemonProgram,
      "-H",
      host,
      "--data-root",
      `${root}/data`,
      "--exec-root",
      `${root}/run`,
      "--pidfile",
      `${root}.pid`,
      "--storage-driver",
      driver,
      "--log-level",
      "error",
    ],
    `${root}.log`,
    [DOCKER, "-H", host, "version"],
  );
  importImage([DOCKER, "-H", host], imageTar);
  return {
    ...dockerCommands(prefix),
    images: {
      ...imageCommands(prefix),
      settle: () =>
        waitUntilEmpty(join(root, "data", driver === "overlay2" ? "" : driver, "snapshots", driver, "trash")),
    },
    socketPath: `${root}.sock`,
    restingProcesses: () => [daemon.pid],
    monitorProcesses: () => processesRunning("conmon", `${root}/`),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** Removed layers are deleted in the background; a measurement after that would pay for it. */
function waitUntilEmpty(directory: string): void {
  while (readdirSync(directory).length > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

/** The engine of this tree, driven by the docker CLI like its peers. */
export const gantry: Peer = {
  name: "gantry",
  find,
  start: (workspace) => start(workspace, "gantry", DOCKER),
};

/** The engine of this tree, driven by its own command line. */
export const gantryCli: Peer = {
  name: "gantry CLI",
  find,
  start: (workspace) => start(workspace, "gantry-cli", program),
};

/** The same on the storage driver that makes one file of a layer. */
export const gantryErofs: Peer = {
  name: "gantry on erofs",
  find,
  start: (workspace) => start(workspace, "gantry-erofs", DOCKER, "erofs"),
};

import { existsSync } from "node:fs";
import { IMAGE, type ImageCommands, type RunningPeer, type RunRequest } from "./peer.ts";
import { runOrThrow } from "./process.ts";

const UNPACKED = "/var/cache/gantry-test/bin/docker";

/** The docker CLI of this machine. */
export const DOCKER = existsSync(UNPACKED) ? UNPACKED : "docker";

type ContainerCommands = Required<
  Omit<
    RunningPeer,
    "images" | "socketPath" | "restingProcesses" | "monitorProcesses" | typeof Symbol.asyncDispose
  >
>;

/** Command lines of a CLI with docker's commands; `prefix` is the program and its global flags. */
export function dockerCommands(
  prefix: readonly string[],
  runFlags: readonly string[] = [],
): ContainerCommands {
  const networkFlags = (network: RunRequest["network"]) => (network === "none" ? ["--network", "none"] : []);
  return {
    run: ({ network, command }) => [
      ...prefix,
      "run",
      "--rm",
      ...runFlags,
      ...networkFlags(network),
      IMAGE,
      ...command,
    ],
    runDetached: (name, command) => [
      ...prefix,
      "run",
      "-d",
      "--name",
      name,
      ...runFlags,
      ...networkFlags("none"),
      IMAGE,
      ...command,
    ],
    exec: (name, command) => [...prefix, "exec", name, ...command],
    remove: (name) => [...prefix, "rm", "-f", name],
    stop: (name) => [...prefix, "stop", name],
    removeStopped: (name) => [...prefix, "rm", name],
    wait: (name) => [...prefix, "wait", name],
    logs: (name) => [...prefix, "logs", name],
    listAll: () => [...prefix, "ps", "-a"],
    listVolumes: () => [...prefix, "volume", "ls"],
    version: () => [...prefix, "version"],
  };
}

/** Command lines about images, likewise; `registryFlags` go with every command that talks to a registry. */
export function imageCommands(
  prefix: readonly string[],
  registryFlags: readonly string[] = [],
): ImageCommands {
  return {
    pull: (reference) => [...prefix, "pull", "-q", ...registryFlags, reference],
    push: (reference) => [...prefix, "push", "-q", ...registryFlags, reference],
    tag: (source, target) => [...prefix, "tag", source, target],
    save: (reference, file) => [...prefix, "save", "-o", file, reference],
    load: (file) => [...prefix, "load", "-q", "-i", file],
    remove: (references) => [...prefix, "rmi", "-f", ...references],
    list: () => [...prefix, "image", "ls"],
  };
}

/** Makes the bench's image known to what `prefix` talks to. */
export function importImage(prefix: readonly string[], imageTar: string): void {
  runOrThrow([...prefix, "import", imageTar, IMAGE]);
}

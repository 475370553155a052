import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CGROUP_PARENT } from "../cgroups.ts";
import { dockerCommands, imageCommands, importImage } from "./docker-cli.ts";
import type { Peer } from "./peer.ts";
import { firstLine, processesRunning, runOrThrow } from "./process.ts";

/** podman with roots and networks of its own; it has no daemon. */
export const podman: Peer = {
  name: "podman",

  find() {
    const version = firstLine("podman", "--version");
    return version ? { version } : { missing: "no podman on this machine" };
  },

  async start({ directory, imageTar }) {
    const root = join(directory, "podman");
    const prefix = [
      "podman",
      "--root",
      `${root}/data`,
      "--runroot",
      `${root}/run`,
      "--tmpdir",
      `${root}/tmp`,
      "--network-config-dir",
      `${root}/networks`,
      "--cgroup-manager",
      "cgroupfs",
      "--runtime",
      "crun",
    ];
    importImage(prefix, imageTar);
    return {
      images: imageCommands(prefix, ["--tls-verify=false"]),
      // Its default limit on open files is beyond what a machine without CAP_SYS_RESOURCE may set.
      ...dockerCommands(prefix, [
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=1024:1024",
        "--cgroup-parent",
        CGROUP_PARENT,
      ]),
      monitorProcesses: () => processesRunning("conmon", `${root}/`),
      async [Symbol.asyncDispose]() {
        runOrThrow([...prefix, "rm", "--all", "--force"]);
        // It leaves this bind mount of its own behind, once it has run a container.
        const overlay = `${root}/data/overlay`;
        if (readFileSync("/proc/self/mounts", "utf8").includes(` ${overlay} `))
          runOrThrow(["umount", overlay]);
      },
    };
  },
};

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import type { OutputChunk, TaskAttachment, TaskSpec } from "../../core/tasks/task-runtime.ts";
import { openCgroup } from "../../os/linux/cgroup/cgroup.ts";
import { detectCgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import { readLimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import type { ContainerConfig, HostConfig } from "../../spec/engine-api/mod.ts";
import type { RuntimeProcess } from "../../spec/oci-runtime/mod.ts";
import { findHostDevices } from "./host-devices.ts";
import { readHostFacts } from "./host-facts.ts";
import { OciRuntime } from "./oci-runtime.ts";
import type { RuntimeSetting } from "./runtime-programs.ts";
import { buildRuntimeSpec } from "./spec/build-spec.ts";
import type { RuntimeSpecInput } from "./spec/input.ts";

const APPLETS = [
  "sh",
  "true",
  "echo",
  "cat",
  "sleep",
  "ls",
  "id",
  "head",
  "seq",
  "stty",
  "dd",
  "tail",
  "mkdir",
];

export interface TaskOptions {
  readonly runtime?: string;
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly config?: ContainerConfig;
  readonly hostConfig?: HostConfig;
}

/** An engine's task runtime in a directory of its own, with a root file system made of busybox. For tests only. */
export class TaskFixture {
  readonly directory: string;
  readonly reactor = Reactor.start();
  readonly runtime: OciRuntime;
  readonly rootfs: string;
  readonly cgroupParent: string;
  readonly #world = detectCgroupWorld();

  constructor(name = "task-") {
    this.directory = mkdtempSync(join(tmpdir(), name));
    this.rootfs = join(this.directory, "rootfs");
    for (const part of ["bin", "proc", "dev", "sys", "etc", "tmp"]) {
      mkdirSync(join(this.rootfs, part), { recursive: true });
    }
    copyFileSync("/bin/busybox", join(this.rootfs, "bin/busybox"));
    for (const applet of APPLETS) symlinkSync("busybox", join(this.rootfs, "bin", applet));
    writeFileSync(join(this.rootfs, "bin/no-program"), "junk", { mode: 0o644 });
    this.cgroupParent = `/${this.directory.split("/").at(-1)}`;
    this.runtime = this.open();
  }

  /** Another engine process on the same directories. */
  open(runtimes: Readonly<Record<string, RuntimeSetting>> = {}): OciRuntime {
    return new OciRuntime({
      runtimes,
      reactor: this.reactor,
      runRoot: join(this.directory, "run"),
      bundlesRoot: join(this.directory, "bundles"),
    });
  }

  spec(args: readonly string[], options: TaskOptions = {}): TaskSpec {
    const containerId = newId();
    const config: ContainerConfig = { Tty: options.tty ?? false, ...options.config };
    const input: RuntimeSpecInput = {
      args,
      config,
      hostConfig: options.hostConfig ?? {},
      rootfs: this.rootfs,
      hostname: containerId.slice(0, 12),
      user: { uid: 0, gid: 0, additionalGids: [0] },
      mounts: [],
      files: {},
      namespaces: { network: "none", pid: "private", ipc: "private", uts: "private", cgroup: "host" },
      cgroupPath: `${this.cgroupParent}/${containerId}`,
      host: readHostFacts(this.#world, readLimitSupport(this.#world)),
      devicesAt: findHostDevices,
    };
    return {
      containerId,
      runtime: options.runtime ?? "",
      bundle: join(this.directory, "bundles", containerId),
      spec: buildRuntimeSpec(input),
      tty: options.tty ?? false,
      openStdin: options.openStdin ?? false,
      stdinOnce: options.stdinOnce ?? false,
      spoolPath: join(this.directory, "spools", containerId),
    };
  }

  /** The process document of an exec. */
  process(args: readonly string[], terminal = false): RuntimeProcess {
    return { cwd: "/", args: [...args], env: ["PATH=/bin"], user: { uid: 0, gid: 0 }, terminal };
  }

  async close(): Promise<void> {
    await this.runtime.removeOrphans(new Set());
    await this.runtime.close();
    await this.reactor.stop();
    openCgroup(this.#world, this.cgroupParent).remove();
    // On a hybrid host runtimes make the group in the unified hierarchy too.
    const unified = join(this.#world.unified ?? "", this.cgroupParent);
    if (this.#world.mode === "hybrid" && existsSync(unified)) rmdirSync(unified);
    rmSync(this.directory, { recursive: true });
  }
}

/** Everything that an attachment shows, by stream. */
export async function collectOutput(attachment: TaskAttachment): Promise<{ stdout: string; stderr: string }> {
  const chunks: OutputChunk[] = [];
  for await (const chunk of attachment.output) chunks.push({ ...chunk, bytes: chunk.bytes.slice() });
  const join = (stream: string) =>
    Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes)).toString();
  return { stdout: join("stdout"), stderr: join("stderr") };
}

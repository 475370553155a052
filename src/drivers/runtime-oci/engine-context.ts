import { join } from "node:path";
import type { Logger } from "../../base/logger.ts";
import { type CgroupWorld, detectCgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import type { ExitDirectory } from "./exit-directory.ts";
import type { RuntimeProgram } from "./runtime-programs.ts";

/** What all tasks of one engine share. */
export class EngineContext {
  readonly reactor: Reactor;
  readonly conmonPath: string;
  readonly exits: ExitDirectory;
  readonly logger: Logger;
  /** Aborted when the engine lets go of its tasks. */
  readonly closing = new AbortController();
  readonly #runRoot: string;
  #cgroupWorld: CgroupWorld | undefined;

  constructor(runRoot: string, reactor: Reactor, conmonPath: string, exits: ExitDirectory, logger: Logger) {
    this.#runRoot = runRoot;
    this.reactor = reactor;
    this.conmonPath = conmonPath;
    this.exits = exits;
    this.logger = logger;
  }

  /** Where the host's control groups are, as they were when somebody first asked. */
  get cgroupWorld(): CgroupWorld {
    this.#cgroupWorld ??= detectCgroupWorld();
    return this.#cgroupWorld;
  }

  /** Where a runtime keeps its state of this engine's containers: runtimes do not read each other's. */
  stateRootOf(runtime: RuntimeProgram): string {
    return join(this.#runRoot, "runtimes", runtime.name);
  }
}

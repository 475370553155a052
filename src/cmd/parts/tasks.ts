import {
  deriveCgroupParent,
  type HostFacts,
  OciRuntime,
  type OciRuntimeOptions,
  readHostFacts,
} from "../../drivers/runtime-oci/mod.ts";
import type { Foundation } from "./foundation.ts";

/** What containers' tasks and plug-ins' have in common. */
export interface TaskBasis {
  readonly cgroupParent: string;
  readonly facts: HostFacts;
  /** Runs tasks whose bundles are in `bundlesRoot`, and keeps what it knows of them in `runRoot`. */
  createRuntime(roots: Pick<OciRuntimeOptions, "runRoot" | "bundlesRoot">): OciRuntime;
}

export function taskBasisOf({ dataRoot, settings, world, limits, reactor, logger }: Foundation): TaskBasis {
  const programs = Object.entries(settings["add-runtime"]);
  const defaultRuntime = settings["default-runtime"];
  const options = {
    reactor,
    runtimes: Object.fromEntries(programs.map(([name, path]) => [name, { path }])),
    ...(defaultRuntime === "" ? {} : { defaultRuntime }),
    logger,
  };
  return {
    cgroupParent: settings["cgroup-parent"] || deriveCgroupParent(dataRoot),
    facts: readHostFacts(world, limits),
    createRuntime: (roots) => new OciRuntime({ ...options, ...roots }),
  };
}

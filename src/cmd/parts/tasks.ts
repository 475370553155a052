import {
  deriveCgroupParent,
  type HostFacts,
  OciRuntime,
  type OciRuntimeOptions,
  type RuntimeChoice,
  readHostFacts,
} from "../../drivers/runtime-oci/mod.ts";
import { removeGroupWhereIdle } from "../../os/linux/cgroup/cgroup-tree.ts";
import { type DaemonSettings, DEFAULT_DATA_ROOT } from "../daemon-settings.ts";
import type { Foundation } from "./foundation.ts";

/** What containers' tasks and plug-ins' have in common. */
export interface TaskBasis {
  readonly cgroupParent: string;
  readonly facts: HostFacts;
  /** Runs tasks whose bundles are in `bundlesRoot`, and keeps what it knows of them in `runRoot`. */
  createRuntime(roots: Pick<OciRuntimeOptions, "runRoot" | "bundlesRoot">): OciRuntime;
}

/** The OCI runtimes that the settings name. */
export function runtimeChoiceOf(settings: DaemonSettings): RuntimeChoice {
  const defaultRuntime = settings["default-runtime"];
  return {
    runtimes: settings["add-runtime"],
    ...(defaultRuntime === "" ? {} : { defaultRuntime }),
  };
}

export function taskBasisOf(
  { dataRoot, settings, world, limits, reactor, logger }: Foundation,
  resources: AsyncDisposableStack,
): TaskBasis {
  const options = { reactor, ...runtimeChoiceOf(settings), logger };
  const own = deriveCgroupParent(dataRoot);
  // Containers that go on keep it, and limits on the machine's own engine stay.
  if (dataRoot !== DEFAULT_DATA_ROOT) resources.defer(() => removeGroupWhereIdle(world, own));
  return {
    cgroupParent: settings["cgroup-parent"] || own,
    facts: readHostFacts(world, limits),
    createRuntime: (roots) => new OciRuntime({ ...options, ...roots }),
  };
}

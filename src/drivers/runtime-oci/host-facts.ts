import { existsSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { hasAppArmor } from "../../os/linux/apparmor.ts";
import type { CgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import type { LimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import { getResourceLimit, type ResourceLimitName, RLIMIT, UNLIMITED } from "../../os/linux/process.ts";
import { parseCapabilityMask } from "./spec/capabilities.ts";
import type { HostFacts } from "./spec/input.ts";

const CPU_DIRECTORY = "/sys/devices/system/cpu";
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

function readBoundingSet(): Set<string> {
  const match = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return parseCapabilityMask(match?.[1] ?? "0");
}

function readHardLimits(): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name of Object.keys(RLIMIT) as ResourceLimitName[]) {
    const { hard } = getResourceLimit(name);
    if (hard !== UNLIMITED) limits[name] = Number(hard);
  }
  return limits;
}

function findThrottledCpus(): number[] {
  if (!existsSync(CPU_DIRECTORY)) return [];
  return readdirSync(CPU_DIRECTORY)
    .filter((name) => /^cpu\d+$/.test(name) && existsSync(join(CPU_DIRECTORY, name, "thermal_throttle")))
    .map((name) => Number(name.slice("cpu".length)))
    .sort((a, b) => a - b);
}

/** What this machine and this process give a container. To be read once, after the host's cgroups were prepared. */
export function readHostFacts(world: CgroupWorld, limits: LimitSupport): HostFacts {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return {
    cgroups: world.mode === "v2" ? "v2" : world.mode === "hybrid" ? "hybrid" : "v1",
    swapLimit: limits.swap,
    kernel: { major, minor },
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    capabilities: readBoundingSet(),
    hardLimits: readHardLimits(),
    apparmor: hasAppArmor(),
    throttledCpus: findThrottledCpus(),
  };
}

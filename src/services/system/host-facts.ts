import { hostname } from "node:os";
import { hasAppArmor } from "../../os/linux/apparmor.ts";
import type { CgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import {
  countCpus,
  isSeccompAvailable,
  isSelinuxEnabled,
  type KernelInfo,
  readDistribution,
  readKernelInfo,
  readMemoryInfo,
  readSysctl,
} from "../../os/linux/kernel-info.ts";

/** What `info` tells of the host. Sizes in bytes. */
export interface HostFacts {
  readonly name: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly kernel: KernelInfo;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swap: boolean;
  readonly cgroupVersion: 1 | 2;
  readonly controllers: ReadonlySet<string>;
  readonly securityOptions: readonly string[];
  readonly ipv4Forwarding: boolean;
}

/** What the engine does to containers unless told otherwise. */
export interface SecuritySettings {
  /** `builtin`, `unconfined`, or the path of a profile. */
  readonly seccompProfile: string;
  readonly noNewPrivileges: boolean;
}

/** Reads the host's facts; those that can change are read anew by each call. */
export function readHostFacts(world: CgroupWorld, security: SecuritySettings): HostFacts {
  const distribution = readDistribution();
  const memory = readMemoryInfo();
  return {
    name: hostname(),
    operatingSystem: distribution.prettyName,
    osVersion: distribution.versionId,
    kernel: readKernelInfo(),
    cpus: countCpus(),
    memoryBytes: memory.totalBytes,
    swap: memory.swapTotalBytes > 0,
    cgroupVersion: world.mode === "v2" ? 2 : 1,
    controllers: new Set(world.controllers.keys()),
    securityOptions: securityOptions(world, security),
    ipv4Forwarding: readSysctl("net.ipv4.ip_forward") === "1",
  };
}

function securityOptions(
  world: CgroupWorld,
  { seccompProfile, noNewPrivileges }: SecuritySettings,
): string[] {
  const options: string[] = [];
  if (hasAppArmor()) options.push("name=apparmor");
  if (isSeccompAvailable()) options.push(`name=seccomp,profile=${seccompProfile}`);
  if (isSelinuxEnabled()) options.push("name=selinux");
  if (world.mode === "v2") options.push("name=cgroupns");
  if (noNewPrivileges) options.push("name=no-new-privileges");
  return options;
}

import type { LimitSupport } from "../../os/linux/cgroup/limit-support.ts";

/** The lines that `info` ends with for limits that containers cannot have here. Source: docker 28. */
export function tellMissingLimits(limits: LimitSupport, cgroupVersion: 1 | 2): string[] {
  const v2 = cgroupVersion === 2;
  const throttle = (v1Name: string, v2Name: string) =>
    v2 ? `No io.max (${v2Name}) support` : `No blkio throttle.${v1Name} support`;
  const texts: ReadonlyArray<readonly [fine: boolean, text: string]> = [
    [limits.memory, "No memory limit support"],
    [limits.swap, "No swap limit support"],
    // The other version has none at all, which nobody can change: that is no news.
    [limits.oomKillDisable || v2, "No oom kill disable support"],
    [limits.cpuQuota, "No cpu cfs quota support"],
    [limits.cpuQuota, "No cpu cfs period support"],
    [limits.cpuShares, "No cpu shares support"],
    [limits.cpuset !== undefined, "No cpuset support"],
    [limits.pids, "No pids limit support"],
    [limits.blockIoWeight || !v2, "No io.weight support"],
    [limits.blockIoWeightDevice || !v2, "No io.weight (per device) support"],
    [limits.blockIoReadBps, throttle("read_bps_device", "rbps")],
    [limits.blockIoWriteBps, throttle("write_bps_device", "wbps")],
    [limits.blockIoReadIops, throttle("read_iops_device", "riops")],
    [limits.blockIoWriteIops, throttle("write_iops_device", "wiops")],
  ];
  return texts.filter(([fine]) => !fine).map(([, text]) => `WARNING: ${text}`);
}

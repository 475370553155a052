/**
 * Limits of a container's cgroup, in the terms of cgroup v1; a runtime translates them on v2. Sizes are bytes.
 * Source: OCI runtime-spec v1.1, config-linux.md, "Control groups".
 */
export interface LinuxResources {
  devices?: DeviceRule[];
  memory?: MemoryLimits;
  cpu?: CpuLimits;
  pids?: { limit: number };
  blockIO?: BlockIoLimits;
  hugepageLimits?: Array<{ pageSize: string; limit: number }>;
  network?: { classID?: number; priorities?: Array<{ name: string; priority: number }> };
  rdma?: Record<string, { hcaHandles?: number; hcaObjects?: number }>;
  /** Files of cgroup v2 by name, written as they are. */
  unified?: Record<string, string>;
}

/** One rule of the device controller; a later one wins. Without a number it means every one. */
export interface DeviceRule {
  allow: boolean;
  type?: "a" | "c" | "b";
  major?: number;
  minor?: number;
  /** Of `r`, `w` and `m`. */
  access?: string;
}

export interface MemoryLimits {
  limit?: number;
  reservation?: number;
  /** Memory plus swap; -1 for no limit. */
  swap?: number;
  kernel?: number;
  kernelTCP?: number;
  swappiness?: number;
  disableOOMKiller?: boolean;
  useHierarchy?: boolean;
  checkBeforeUpdate?: boolean;
}

/** Times in microseconds. */
export interface CpuLimits {
  shares?: number;
  quota?: number;
  burst?: number;
  period?: number;
  realtimeRuntime?: number;
  realtimePeriod?: number;
  cpus?: string;
  mems?: string;
  idle?: number;
}

export interface BlockIoDevice {
  major: number;
  minor: number;
}

export interface BlockIoLimits {
  weight?: number;
  leafWeight?: number;
  weightDevice?: Array<BlockIoDevice & { weight?: number; leafWeight?: number }>;
  throttleReadBpsDevice?: Array<BlockIoDevice & { rate: number }>;
  throttleWriteBpsDevice?: Array<BlockIoDevice & { rate: number }>;
  throttleReadIOPSDevice?: Array<BlockIoDevice & { rate: number }>;
  throttleWriteIOPSDevice?: Array<BlockIoDevice & { rate: number }>;
}

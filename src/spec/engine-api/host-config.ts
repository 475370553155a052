import type { Mount } from "./mounts.ts";
import type { PortMap } from "./ports.ts";

/**
 * The host's side of a container's configuration.
 * Source: Docker Engine API v1.51–v1.55, `HostConfig` and `Resources`.
 */

export interface ThrottleDevice {
  Path: string;
  /** Bytes or operations a second, by the list it stands in. */
  Rate: number;
}

export interface WeightDevice {
  Path: string;
  Weight: number;
}

export interface DeviceMapping {
  PathOnHost: string;
  PathInContainer: string;
  /** Any of `r`, `w` and `m`. */
  CgroupPermissions: string;
}

export interface DeviceRequest {
  Driver?: string;
  /** -1 asks for all devices. */
  Count?: number;
  DeviceIDs?: string[] | null;
  /** A disjunction of conjunctions. */
  Capabilities?: string[][] | null;
  Options?: Record<string, string> | null;
}

export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

export type RestartPolicyName = "" | "no" | "always" | "unless-stopped" | "on-failure";

export interface RestartPolicy {
  Name?: RestartPolicyName;
  MaximumRetryCount?: number;
}

export interface LogConfig {
  Type?: string;
  Config?: Record<string, string> | null;
}

/** Limits that `POST /containers/{id}/update` can change too. */
export interface Resources {
  CpuShares?: number;
  /** Bytes; 0 is no limit. */
  Memory?: number;
  NanoCpus?: number;
  CgroupParent?: string;
  BlkioWeight?: number;
  BlkioWeightDevice?: WeightDevice[] | null;
  BlkioDeviceReadBps?: ThrottleDevice[] | null;
  BlkioDeviceWriteBps?: ThrottleDevice[] | null;
  BlkioDeviceReadIOps?: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null;
  /** Microseconds. */
  CpuPeriod?: number;
  /** Microseconds. */
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  Devices?: DeviceMapping[] | null;
  DeviceCgroupRules?: string[] | null;
  DeviceRequests?: DeviceRequest[] | null;
  /** Dropped from the API in 1.42; older versions still carry it. */
  KernelMemory?: number;
  /** Dropped from the API in 1.42; older versions still carry it. */
  KernelMemoryTCP?: number;
  MemoryReservation?: number;
  /** Memory plus swap in bytes; -1 is unlimited swap. */
  MemorySwap?: number;
  MemorySwappiness?: number | null;
  OomKillDisable?: boolean | null;
  /** 0 or -1 is unlimited, `null` leaves it alone. */
  PidsLimit?: number | null;
  Ulimits?: Ulimit[] | null;
  CpuCount?: number;
  CpuPercent?: number;
  IOMaximumIOps?: number;
  IOMaximumBandwidth?: number;
}

export interface HostConfig extends Resources {
  Binds?: string[] | null;
  ContainerIDFile?: string;
  LogConfig?: LogConfig;
  NetworkMode?: string;
  PortBindings?: PortMap | null;
  RestartPolicy?: RestartPolicy;
  AutoRemove?: boolean;
  VolumeDriver?: string;
  VolumesFrom?: string[] | null;
  Mounts?: Mount[] | null;
  /** Height and width of the terminal, in this order. */
  ConsoleSize?: [height: number, width: number] | null;
  Annotations?: Record<string, string> | null;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  CgroupnsMode?: "" | "private" | "host";
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  IpcMode?: string;
  Cgroup?: string;
  Links?: string[] | null;
  OomScoreAdj?: number;
  PidMode?: string;
  Privileged?: boolean;
  PublishAllPorts?: boolean;
  ReadonlyRootfs?: boolean;
  SecurityOpt?: string[] | null;
  StorageOpt?: Record<string, string> | null;
  Tmpfs?: Record<string, string> | null;
  UTSMode?: string;
  UsernsMode?: string;
  ShmSize?: number;
  Sysctls?: Record<string, string> | null;
  Runtime?: string;
  Isolation?: "" | "default" | "process" | "hyperv";
  /** `null` asks for the engine's defaults, an empty list for none. */
  MaskedPaths?: string[] | null;
  /** `null` asks for the engine's defaults, an empty list for none. */
  ReadonlyPaths?: string[] | null;
  /** `null` leaves it to the engine's configuration. */
  Init?: boolean | null;
}

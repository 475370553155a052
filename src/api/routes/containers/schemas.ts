import {
  bool,
  int64,
  list,
  map,
  type Schema,
  string,
  stringOrList,
  struct,
  tuple,
  uint,
} from "../../../spec/go-json/mod.ts";
import { endpointSettings, nameSet } from "../endpoint-schemas.ts";

/** Schemas of what container requests carry. Source: Docker Engine API v1.55, `ContainerConfig`, `HostConfig`, `Resources`. */

const healthConfig = struct("HealthConfig", {
  Test: list(string),
  Interval: int64,
  Timeout: int64,
  Retries: int64,
  StartPeriod: int64,
  StartInterval: int64,
});

const configFields: Readonly<Record<string, Schema>> = {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: nameSet,
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: list(string),
  Cmd: stringOrList,
  Healthcheck: healthConfig,
  ArgsEscaped: bool,
  Image: string,
  Volumes: nameSet,
  WorkingDir: string,
  Entrypoint: stringOrList,
  NetworkDisabled: bool,
  MacAddress: string,
  OnBuild: list(string),
  Labels: map(string),
  StopSignal: string,
  StopTimeout: int64,
  Shell: stringOrList,
};

const weightDevices = list(struct("WeightDevice", { Path: string, Weight: uint }));
const throttleDevices = list(struct("ThrottleDevice", { Path: string, Rate: uint }));

const resourceFields: Readonly<Record<string, Schema>> = {
  CpuShares: int64,
  Memory: int64,
  NanoCpus: int64,
  CgroupParent: string,
  BlkioWeight: uint,
  BlkioWeightDevice: weightDevices,
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  CpuPeriod: int64,
  CpuQuota: int64,
  CpuRealtimePeriod: int64,
  CpuRealtimeRuntime: int64,
  CpusetCpus: string,
  CpusetMems: string,
  Devices: list(
    struct("DeviceMapping", { PathOnHost: string, PathInContainer: string, CgroupPermissions: string }),
  ),
  DeviceCgroupRules: list(string),
  DeviceRequests: list(
    struct("DeviceRequest", {
      Driver: string,
      Count: int64,
      DeviceIDs: list(string),
      Capabilities: list(list(string)),
      Options: map(string),
    }),
  ),
  KernelMemory: int64,
  KernelMemoryTCP: int64,
  MemoryReservation: int64,
  MemorySwap: int64,
  MemorySwappiness: int64,
  OomKillDisable: bool,
  PidsLimit: int64,
  Ulimits: list(struct("Ulimit", { Name: string, Soft: int64, Hard: int64 })),
  CpuCount: int64,
  CpuPercent: int64,
  IOMaximumIOps: uint,
  IOMaximumBandwidth: uint,
};

const restartPolicy = struct("RestartPolicy", { Name: string, MaximumRetryCount: int64 });

const mount = struct("Mount", {
  Type: string,
  Source: string,
  Target: string,
  ReadOnly: bool,
  Consistency: string,
  BindOptions: struct("BindOptions", {
    Propagation: string,
    NonRecursive: bool,
    CreateMountpoint: bool,
    ReadOnlyNonRecursive: bool,
    ReadOnlyForceRecursive: bool,
  }),
  VolumeOptions: struct("VolumeOptions", {
    NoCopy: bool,
    Labels: map(string),
    Subpath: string,
    DriverConfig: struct("Driver", { Name: string, Options: map(string) }),
  }),
  ImageOptions: struct("ImageOptions", { Subpath: string }),
  TmpfsOptions: struct("TmpfsOptions", { SizeBytes: int64, Mode: uint, Options: list(list(string)) }),
  ClusterOptions: nameSet,
});

const hostConfig = struct("HostConfig", {
  ...resourceFields,
  Binds: list(string),
  ContainerIDFile: string,
  LogConfig: struct("LogConfig", { Type: string, Config: map(string) }),
  NetworkMode: string,
  PortBindings: map(list(struct("PortBinding", { HostIp: string, HostPort: string })), { nulls: true }),
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: string,
  VolumesFrom: list(string),
  Mounts: list(mount),
  ConsoleSize: tuple(uint, 2),
  Annotations: map(string),
  CapAdd: stringOrList,
  CapDrop: stringOrList,
  CgroupnsMode: string,
  Dns: list(string),
  DnsOptions: list(string),
  DnsSearch: list(string),
  ExtraHosts: list(string),
  GroupAdd: list(string),
  IpcMode: string,
  Cgroup: string,
  Links: list(string),
  OomScoreAdj: int64,
  PidMode: string,
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: list(string),
  StorageOpt: map(string),
  Tmpfs: map(string),
  UTSMode: string,
  UsernsMode: string,
  ShmSize: int64,
  Sysctls: map(string),
  Runtime: string,
  Isolation: string,
  MaskedPaths: list(string),
  ReadonlyPaths: list(string),
  Init: bool,
  /** Only API 1.40 had it; the route refuses it there. */
  Capabilities: list(string),
});

/** `ContainerConfig` by itself: the body of a commit. */
export const containerConfig = struct("Config", configFields);

export const createRequest = struct("CreateRequest", {
  ...configFields,
  HostConfig: hostConfig,
  NetworkingConfig: struct("NetworkingConfig", { EndpointsConfig: map(endpointSettings) }),
});

export const updateRequest = struct("UpdateConfig", { ...resourceFields, RestartPolicy: restartPolicy });

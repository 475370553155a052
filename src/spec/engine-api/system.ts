/**
 * The engine itself: version, info, ping, auth.
 * Source: Docker Engine API v1.51–v1.55, tag "System".
 */

export interface VersionComponent {
  Name: string;
  Version: string;
  Details?: Record<string, string> | null;
}

/** Answer of `GET /version`. */
export interface SystemVersion {
  Platform?: { Name: string };
  Components?: VersionComponent[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion?: string;
  Experimental?: boolean;
  BuildTime?: string;
}

export interface PluginsInfo {
  Volume: string[] | null;
  Network: string[] | null;
  Authorization: string[] | null;
  Log: string[] | null;
}

export interface IndexInfo {
  Name: string;
  Mirrors: string[] | null;
  Secure: boolean;
  Official: boolean;
}

export interface RegistryServiceConfig {
  /** Dropped in API 1.49. */
  AllowNondistributableArtifactsCIDRs?: string[] | null;
  /** Dropped in API 1.49. */
  AllowNondistributableArtifactsHostnames?: string[] | null;
  InsecureRegistryCIDRs: string[] | null;
  IndexConfigs: Record<string, IndexInfo>;
  Mirrors: string[] | null;
}

export interface RuntimeInfo {
  path?: string;
  runtimeArgs?: string[];
  status?: Record<string, string>;
}

export interface CommitInfo {
  ID: string;
  /** Dropped in API 1.49. */
  Expected?: string;
}

export interface SwarmInfo {
  NodeID: string;
  NodeAddr: string;
  LocalNodeState: "" | "inactive" | "pending" | "active" | "error" | "locked";
  ControlAvailable: boolean;
  Error: string;
  RemoteManagers: Array<{ NodeID: string; Addr: string }> | null;
  Nodes?: number;
  Managers?: number;
  Cluster?: Record<string, unknown>;
}

export interface ContainerdInfo {
  Address?: string;
  Namespaces?: { Containers?: string; Plugins?: string };
}

export interface FirewallInfo {
  Driver: string;
  Info?: Array<[string, string]>;
}

/** A device of a driver that can be asked for by `--device`. Since API 1.50. */
export interface DeviceInfo {
  Source: string;
  ID: string;
}

/** Answer of `GET /info`. */
export interface SystemInfo {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  Driver: string;
  DriverStatus: Array<[string, string]> | null;
  SystemStatus?: Array<[string, string]> | null;
  DockerRootDir: string;
  Plugins: PluginsInfo;
  MemoryLimit: boolean;
  SwapLimit: boolean;
  /** Dropped in API 1.42. */
  KernelMemory?: boolean;
  KernelMemoryTCP?: boolean;
  CpuCfsPeriod: boolean;
  CpuCfsQuota: boolean;
  CPUShares: boolean;
  CPUSet: boolean;
  PidsLimit: boolean;
  OomKillDisable: boolean;
  IPv4Forwarding: boolean;
  /** Dropped in API 1.50. */
  BridgeNfIptables?: boolean;
  /** Dropped in API 1.50. */
  BridgeNfIp6tables?: boolean;
  Debug: boolean;
  NFd: number;
  NGoroutines: number;
  SystemTime: string;
  LoggingDriver: string;
  CgroupDriver: "cgroupfs" | "systemd" | "none";
  CgroupVersion?: "1" | "2";
  NEventsListener: number;
  KernelVersion: string;
  OperatingSystem: string;
  OSVersion: string;
  OSType: string;
  Architecture: string;
  NCPU: number;
  /** Bytes. */
  MemTotal: number;
  IndexServerAddress: string;
  RegistryConfig: RegistryServiceConfig | null;
  GenericResources: Array<Record<string, unknown>> | null;
  HttpProxy: string;
  HttpsProxy: string;
  NoProxy: string;
  Name: string;
  Labels: string[] | null;
  ExperimentalBuild: boolean;
  ServerVersion: string;
  Runtimes: Record<string, RuntimeInfo>;
  DefaultRuntime: string;
  Swarm: SwarmInfo;
  LiveRestoreEnabled: boolean;
  Isolation: "" | "default" | "hyperv" | "process";
  InitBinary: string;
  ContainerdCommit: CommitInfo;
  RuncCommit: CommitInfo;
  InitCommit: CommitInfo;
  SecurityOptions: string[] | null;
  ProductLicense?: string;
  DefaultAddressPools?: Array<{ Base: string; Size: number }>;
  /** Since API 1.49. */
  FirewallBackend?: FirewallInfo;
  /** Since API 1.44. */
  CDISpecDirs?: string[] | null;
  /** Since API 1.50. */
  DiscoveredDevices?: DeviceInfo[];
  /** Since API 1.53. */
  NRI?: { Info?: Array<[string, string]> };
  /** Since API 1.46. */
  Containerd?: ContainerdInfo;
  Warnings: string[] | null;
}

/** The headers of an answer to `HEAD /_ping` or `GET /_ping`. */
export interface PingResponse {
  apiVersion: string;
  osType: string;
  experimental: boolean;
  builderVersion: string;
  swarm: string;
}

/** Body of `POST /auth` and, base64url encoded, the `X-Registry-Auth` header. */
export interface AuthConfig {
  username?: string;
  password?: string;
  email?: string;
  serveraddress?: string;
  identitytoken?: string;
  registrytoken?: string;
}

export interface AuthResponse {
  Status: string;
  IdentityToken: string;
}

/** Body of every answer with a status of 400 or above. */
export interface ErrorResponse {
  message: string;
}

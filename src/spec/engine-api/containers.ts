import type { OCIDescriptor } from "./descriptors.ts";
import type { EndpointSettings, NetworkingConfig, NetworkSettings } from "./endpoints.ts";
import type { HostConfig, Resources, RestartPolicy } from "./host-config.ts";
import type { GraphDriverData } from "./images.ts";
import type { MountPoint } from "./mounts.ts";
import type { PortSet, PortSummary } from "./ports.ts";

/**
 * Containers.
 * Source: Docker Engine API v1.51–v1.55, tag "Container".
 */

/** Durations in nanoseconds; 0 inherits. */
export interface HealthConfig {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`; empty inherits. */
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
  StartInterval?: number;
}

export interface ContainerConfig {
  Hostname?: string;
  Domainname?: string;
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  ExposedPorts?: PortSet | null;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  Env?: string[] | null;
  Cmd?: string[] | null;
  Healthcheck?: HealthConfig | null;
  ArgsEscaped?: boolean;
  Image?: string;
  Volumes?: Record<string, Record<string, never>> | null;
  WorkingDir?: string;
  /** `[""]` in a create request clears the image's entry point; a string is accepted as a list of one. */
  Entrypoint?: string[] | null;
  NetworkDisabled?: boolean;
  /** Moved to the endpoint in API 1.44. */
  MacAddress?: string;
  OnBuild?: string[] | null;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  /** Seconds. */
  StopTimeout?: number | null;
  Shell?: string[] | null;
}

/** Body of `POST /containers/create`. */
export interface ContainerCreateRequest extends ContainerConfig {
  HostConfig?: HostConfig | null;
  NetworkingConfig?: NetworkingConfig | null;
}

export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[] | null;
}

export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

export type HealthStatus = "none" | "starting" | "healthy" | "unhealthy";

export interface HealthcheckResult {
  Start: string;
  End: string;
  ExitCode: number;
  Output: string;
}

export interface HealthState {
  Status: HealthStatus;
  FailingStreak: number;
  Log: HealthcheckResult[] | null;
}

export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: HealthState;
}

/** Since API 1.54: where the container's root comes from when no graph driver is used. */
export interface ContainerStorage {
  RootFS?: { Snapshot?: { Name?: string } };
}

/** Answer of `GET /containers/{id}/json`. */
export interface ContainerInspectResponse {
  Id: string;
  Created: string;
  Path: string;
  Args: string[] | null;
  State: ContainerState;
  /** The image's id, not its name: the name is in `Config.Image`. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  ImageManifestDescriptor?: OCIDescriptor;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver?: GraphDriverData;
  Storage?: ContainerStorage;
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}

/** One entry of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  ImageManifestDescriptor?: OCIDescriptor;
  Command: string;
  /** Seconds since the Unix epoch. */
  Created: number;
  Ports: PortSummary[] | null;
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string> | null;
  State: ContainerStatus;
  Status: string;
  HostConfig: { NetworkMode?: string; Annotations?: Record<string, string> | null };
  NetworkSettings: { Networks?: Record<string, EndpointSettings> | null };
  Mounts: MountPoint[] | null;
  /** Since API 1.52. */
  Health?: { Status: HealthStatus; FailingStreak: number };
}

/** Condition of `POST /containers/{id}/wait`. */
export type WaitCondition = "not-running" | "next-exit" | "removed";

export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: { Message: string } | null;
}

/** Body of `POST /containers/{id}/update`. */
export interface ContainerUpdateRequest extends Resources {
  RestartPolicy?: RestartPolicy;
}

export interface ContainerUpdateResponse {
  Warnings: string[] | null;
}

export interface ContainerTopResponse {
  Titles: string[];
  Processes: string[][];
}

/** What happened to a path: 0 modified, 1 added, 2 deleted. */
export type ChangeKind = 0 | 1 | 2;

export interface FilesystemChange {
  Path: string;
  Kind: ChangeKind;
}

export interface ContainersPruneResponse {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}

/** The `X-Docker-Container-Path-Stat` header, base64 of this as JSON. */
export interface PathStat {
  name: string;
  size: number;
  /** Go's `os.FileMode`: permission bits below, type bits from bit 31 down. */
  mode: number;
  mtime: string;
  linkTarget: string;
}

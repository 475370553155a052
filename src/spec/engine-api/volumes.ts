/**
 * Volumes.
 * Source: Docker Engine API v1.51–v1.55, tag "Volume".
 */

export interface Volume {
  Name: string;
  Driver: string;
  Mountpoint: string;
  CreatedAt?: string;
  Status?: Record<string, unknown>;
  Labels: Record<string, string> | null;
  Scope: "local" | "global";
  ClusterVolume?: Record<string, unknown>;
  Options: Record<string, string> | null;
  /** Only in `/system/df`; -1 where unknown. */
  UsageData?: { Size: number; RefCount: number } | null;
}

/** Body of `POST /volumes/create`. */
export interface VolumeCreateRequest {
  Name?: string;
  Driver?: string;
  DriverOpts?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
  ClusterVolumeSpec?: Record<string, unknown>;
}

export interface VolumeListResponse {
  Volumes: Volume[] | null;
  Warnings: string[] | null;
}

export interface VolumesPruneResponse {
  VolumesDeleted: string[] | null;
  SpaceReclaimed: number;
}

import type { ContainerSummary } from "./containers.ts";
import type { ImageSummary } from "./images.ts";
import type { Volume } from "./volumes.ts";

/**
 * `GET /system/df` and the build cache.
 * Source: Docker Engine API v1.51–v1.55, tag "System".
 */

export interface BuildCache {
  ID: string;
  /** Before API 1.42 one parent; a list since. */
  Parent?: string;
  Parents?: string[] | null;
  Type: string;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  Size: number;
  CreatedAt: string;
  LastUsedAt: string | null;
  UsageCount: number;
}

export interface BuildCachePruneResponse {
  CachesDeleted: string[] | null;
  SpaceReclaimed: number;
}

/** Sums of one kind of object, in bytes. Since API 1.52. */
export interface UsageSummary<Item> {
  ActiveCount?: number;
  TotalCount?: number;
  Reclaimable?: number;
  TotalSize?: number;
  /** Only with `verbose`. */
  Items?: Item[];
}

/** Answer of `GET /system/df`: the lists up to API 1.51 (and on request later), the sums since 1.52. */
export interface DiskUsage {
  LayersSize?: number;
  Images?: ImageSummary[] | null;
  Containers?: ContainerSummary[] | null;
  Volumes?: Volume[] | null;
  BuildCache?: BuildCache[] | null;
  BuilderSize?: number;
  ImageUsage?: UsageSummary<ImageSummary>;
  ContainerUsage?: UsageSummary<ContainerSummary>;
  VolumeUsage?: UsageSummary<Volume>;
  BuildCacheUsage?: UsageSummary<BuildCache>;
}

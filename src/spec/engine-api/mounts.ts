/**
 * Mounts as asked for (`Mount`) and as found in a container (`MountPoint`).
 * Source: Docker Engine API v1.51–v1.55.
 */

export type MountType = "bind" | "cluster" | "image" | "npipe" | "tmpfs" | "volume";

export type MountPropagation = "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";

export interface BindOptions {
  Propagation?: MountPropagation | "";
  NonRecursive?: boolean;
  CreateMountpoint?: boolean;
  /** Makes the mount read-only and leaves its submounts writable. Since API 1.44. */
  ReadOnlyNonRecursive?: boolean;
  /** Fails where the submounts cannot be made read-only too. Since API 1.44. */
  ReadOnlyForceRecursive?: boolean;
}

export interface VolumeOptions {
  NoCopy?: boolean;
  Labels?: Record<string, string> | null;
  /** Path inside the volume, relative to its root. Since API 1.45. */
  Subpath?: string;
  DriverConfig?: { Name?: string; Options?: Record<string, string> | null };
}

/** Since API 1.48. */
export interface ImageOptions {
  Subpath?: string;
}

export interface TmpfsOptions {
  SizeBytes?: number;
  /** Permission bits as a number (01777 is 1023). */
  Mode?: number;
  /** Each entry is a flag (`["noexec"]`) or a key and its value. Since API 1.46. */
  Options?: string[][];
}

export interface Mount {
  Type: MountType;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: BindOptions;
  VolumeOptions?: VolumeOptions;
  ImageOptions?: ImageOptions;
  TmpfsOptions?: TmpfsOptions;
  ClusterOptions?: Record<string, never>;
}

export interface MountPoint {
  Type?: MountType;
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  /** The mode field of the `-v` syntax, word for word: `ro`, `z`, `rshared`, or empty. */
  Mode: string;
  RW: boolean;
  Propagation: MountPropagation | "";
}

import type { Digest } from "../../base/digest.ts";
import type { MountPropagation } from "../../spec/engine-api/mod.ts";

interface MountCommon {
  /** Absolute, clean path in the container. */
  readonly destination: string;
  readonly readWrite: boolean;
  /** Mode field of the `-v` syntax, word for word. */
  readonly mode: string;
}

/** A file or directory of the host. */
export interface BindMount extends MountCommon {
  readonly type: "bind";
  readonly source: string;
  readonly propagation: MountPropagation;
  /** The propagation is the engine's own choice: where the host cannot have it, the default does. */
  readonly propagationIsOurs: boolean;
  /** Make a missing directory at every start: `-v` does, `--mount` only where asked to. */
  readonly createSource: boolean;
  readonly nonRecursive: boolean;
  /** Read-only for the mount itself, its submounts stay writable. */
  readonly readOnlyNonRecursive: boolean;
  /** Refuse to start where submounts cannot be made read-only. */
  readonly readOnlyForceRecursive: boolean;
}

/** A volume of the engine. */
export interface VolumeMount extends MountCommon {
  readonly type: "volume";
  readonly name: string;
  readonly driver: string;
  /** Do not fill an empty volume with what the image has at the destination. */
  readonly noCopy: boolean;
  /** Path below the volume's root, relative; empty for the root. */
  readonly subpath: string;
  /** Made for this container alone: goes with `rm -v` and `--rm`. */
  readonly anonymous: boolean;
}

/** The files of an image, read-only. */
export interface ImageMount extends MountCommon {
  readonly type: "image";
  /** As the user named it. */
  readonly reference: string;
  readonly imageId: Digest;
  /** Path inside the image, relative; empty for the root. */
  readonly subpath: string;
}

/** Memory that goes with the container's process. `options` are mount(8) options such as `size=64m`. */
export interface TmpfsMount extends MountCommon {
  readonly type: "tmpfs";
  readonly options: readonly string[];
  /** Asked for by `--mount`, which `inspect` lists among the mounts; `--tmpfs` is shown in the host config alone. */
  readonly listed: boolean;
}

/** What a container sees at `destination` instead of its image's files. */
export type ContainerMount = BindMount | VolumeMount | ImageMount | TmpfsMount;

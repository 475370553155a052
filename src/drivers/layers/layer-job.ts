import type {
  ApplyTarget,
  ImageTarget,
  SnapshotChange,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import type { UnpackedLayer } from "./apply-layer.ts";
import type { ExtractTarget } from "./extract-archive.ts";
import type { LayerLimits } from "./layer-writer.ts";
import type { TarSource } from "./tar-tree.ts";

/** Work on trees of files that would hold up the event loop, by name, with what it needs and what it answers. */
export interface LayerJobs {
  unpack: {
    readonly input: {
      /** The layer's file, whole or (`fd`) still growing; undefined where its bytes come from the caller. */
      readonly file: { readonly path: string } | { readonly fd: number } | undefined;
      readonly target: ApplyTarget;
      readonly limits: LayerLimits;
    };
    readonly output: UnpackedLayer;
  };
  /** Bytes come from the caller. */
  extract: { readonly input: ExtractTarget; readonly output: undefined };
  pack: { readonly input: TarSource; readonly output: undefined };
  measure: {
    readonly input: { readonly directory: string; readonly parent?: string };
    readonly output: SnapshotUsage;
  };
  overlayChanges: {
    readonly input: { readonly upper: string; readonly lowerDirs: readonly string[] };
    readonly output: SnapshotChange[];
  };
  compare: {
    readonly input: { readonly directory: string; readonly parent: string | undefined };
    readonly output: SnapshotChange[];
  };
  /** The tree of an overlay's upper directory becomes an image. */
  makeImage: {
    readonly input: { readonly upper: string; readonly target: ImageTarget };
    readonly output: undefined;
  };
  /** Directories that a layer only implied get owner, mode and attributes that they have in the trees below. */
  adopt: {
    readonly input: {
      readonly directory: string;
      readonly parents: readonly string[];
      readonly implied: readonly string[];
    };
    readonly output: undefined;
  };
  /** As `adopt`, for a layer that is an image. */
  reindexImage: { readonly input: ImageTarget; readonly output: undefined };
  copy: { readonly input: { readonly source: string; readonly target: string }; readonly output: undefined };
}

export type LayerJobName = keyof LayerJobs;

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "run"; readonly name: LayerJobName; readonly input: LayerJobs[LayerJobName]["input"] }
  /** A piece of the layer that is unpacked; undefined at its end. */
  | { readonly type: "chunk"; readonly bytes: Uint8Array | undefined }
  /** The file that is read has that many bytes now; undefined when it has all. */
  | { readonly type: "grown"; readonly sizeBytes: number | undefined }
  /** The caller has taken a piece. */
  | { readonly type: "taken" }
  /** Nobody wants the job's outcome any more: it ends, after which it has failed, or is done all the same. */
  | { readonly type: "cancel" };

/** From a worker to the main thread. */
export type FromWorker =
  /** The worker has room for one more piece. */
  | { readonly type: "pull" }
  | { readonly type: "chunk"; readonly bytes: Uint8Array }
  /** That many bytes of the input have been read. */
  | { readonly type: "progress"; readonly readBytes: number }
  | { readonly type: "done"; readonly output: LayerJobs[LayerJobName]["output"] }
  | { readonly type: "failed"; readonly error: SentError };

/** An error on its way between threads, which carry no classes. */
export interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly kind: string | undefined;
  readonly system:
    | { readonly syscall: string; readonly errno: number; readonly path: string | undefined }
    | undefined;
}

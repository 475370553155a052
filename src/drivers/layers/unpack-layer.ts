import type { ApplyTarget } from "../../core/snapshots/snapshotter.ts";
import type { UnpackedLayer } from "./apply-layer.ts";
import type { LayerWorkers } from "./layer-workers.ts";
import type { LayerLimits } from "./layer-writer.ts";

/** Where a layer's bytes are: in a file that does not change, in one that grows (open all the time), or in a stream. */
export type LayerSource =
  | { readonly path: string }
  | { readonly fd: number; readonly growth: AsyncIterable<number> }
  | AsyncIterable<Uint8Array>;

export interface UnpackOptions extends LayerLimits {
  readonly signal?: AbortSignal;
  /** Is told how many bytes of the layer, as it came, have been read. */
  readonly onProgress?: (readBytes: number) => void;
}

/**
 * The layer is unpacked into `target`, with owners, modes, times, attributes, links, devices and whiteouts as its tar has
 * them, by a thread of `workers`. Takes tar, plain or compressed with gzip or zstd, whatever its name says. Nothing
 * outside of the target is touched, whatever the tar says. Its diffId is the caller's to compare.
 * Errors: invalidArgument for a broken or hostile layer; canceled; SyscallError (ENOSPC …). What was written until an
 * error stays: the snapshot is to be removed then.
 */
export async function unpackLayer(
  workers: LayerWorkers,
  source: LayerSource,
  target: ApplyTarget,
  options: UnpackOptions = {},
): Promise<UnpackedLayer> {
  const { signal, onProgress, ...limits } = options;
  const { file, ...stream } = partsOf(source);
  return await workers.run(
    "unpack",
    { file, target, limits },
    { ...stream, ...(signal && { signal }), ...(onProgress && { onProgress }) },
  );
}

function partsOf(source: LayerSource) {
  if ("path" in source) return { file: { path: source.path } };
  if ("fd" in source) return { file: { fd: source.fd }, growth: source.growth };
  return { file: undefined, feed: source };
}

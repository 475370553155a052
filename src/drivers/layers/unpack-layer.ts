import type { ApplyTarget } from "../../core/snapshots/snapshotter.ts";
import type { UnpackedLayer } from "./apply-layer.ts";
import type { LayerWorkers } from "./layer-workers.ts";
import type { LayerLimits } from "./layer-writer.ts";

/** Where a layer's bytes are: in a file that does not change, or in a stream. */
export type LayerSource = { readonly path: string } | AsyncIterable<Uint8Array>;

/**
 * The layer is unpacked into `target`, with owners, modes, times, attributes, links, devices and whiteouts as its tar has
 * them, by a thread of `workers`. Takes tar, plain or compressed with gzip or zstd, whatever its name says. Nothing
 * outside of the target is touched, whatever the tar says. Its two digests are the caller's to compare.
 * Errors: invalidArgument for a broken or hostile layer; canceled; SyscallError (ENOSPC …). What was written until an
 * error stays: the snapshot is to be removed then.
 */
export async function unpackLayer(
  workers: LayerWorkers,
  source: LayerSource,
  target: ApplyTarget,
  options: LayerLimits & { readonly signal?: AbortSignal } = {},
): Promise<UnpackedLayer> {
  const { signal, ...limits } = options;
  const path = "path" in source ? source.path : undefined;
  return await workers.run(
    "unpack",
    { path, target, limits },
    { ...(signal && { signal }), ...(!("path" in source) && { feed: source }) },
  );
}

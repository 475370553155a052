import { invalidArgument } from "../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import { fetchArchive } from "../../drivers/remote-registry/mod.ts";
import type { OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
import { normalizePlatform } from "../../spec/oci-image/platform.ts";
import { decompressed } from "./archive-reader.ts";
import { applyConfigChanges } from "./config-changes.ts";
import { publishImageEvent } from "./image-events.ts";
import { addLayer, createImage } from "./new-image.ts";
import type { ImageParts } from "./parts.ts";
import { streamProgress } from "./progress-stream.ts";
import { parseTagTarget, setTag } from "./tag.ts";

export interface ImportOptions {
  /** `-` for `content`, else a URL. */
  readonly source: string;
  readonly content: AsyncIterable<Uint8Array>;
  readonly repository: string;
  readonly tag: string;
  readonly message: string;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
  readonly platform: OCIPlatform | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes an image of one layer from the tar of a root file system. Its id is the last message.
 * Errors: invalidArgument at once for a bad name or change; from the stream for a broken tar, unavailable for a URL that
 * does not answer.
 */
export function importImage(parts: ImageParts, options: ImportOptions): AsyncIterable<ProgressMessage> {
  const name = options.repository === "" ? undefined : parseTagTarget(options.repository, options.tag);
  const config = applyConfigChanges({}, options.changes);
  const platform = options.platform ? normalizePlatform(options.platform) : parts.platform;
  if (platform.os !== parts.platform.os) throw invalidArgument("operating system is not supported");
  return streamProgress(async (report, signal) => {
    const content =
      options.source === "-" ? options.content : fetchArchive(options.source, { report, signal });
    const created = formatRfc3339Nano(nowNs());
    const comment = options.message || `Imported from ${options.source}`;
    await using lease = parts.leases.create("import");
    const layer = await addLayer(
      parts,
      lease,
      decompressed(content, { layersStay: true }),
      undefined,
      signal,
    );
    const image = await createImage(parts, lease, {
      config: {
        created,
        architecture: platform.architecture,
        ...(platform.variant && { variant: platform.variant }),
        os: platform.os,
        config,
        rootfs: { type: "layers", diff_ids: [layer.diffId] },
        history: [{ created, comment }],
        comment,
      },
      layers: [layer.descriptor],
      origin: "import",
    });
    if (name) setTag(parts, image, name);
    publishImageEvent(parts, "import", image.id, image.id, image);
    report({ status: image.id });
  }, options.signal);
}

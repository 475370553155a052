import { packTree } from "../../../drivers/layers/mod.ts";
import type { PathStat } from "../../../spec/engine-api/mod.ts";
import { type ContainerParts, publishContainerEvent } from "../parts.ts";
import { baseName, containerPath } from "./container-path.ts";
import { openContainerRoot } from "./container-root.ts";
import { asPathError } from "./errors.ts";
import { holdDuring } from "./hold-during.ts";
import { describePath } from "./path-stat.ts";
import type { NamedContainer } from "./stat-path.ts";

/**
 * A file or tree of a container as a tar whose first member has the last element of `path` for its name. The container
 * is held until the tar was read, the reader stops, or the signal is aborted. Errors: notFound, internal.
 */
export async function getContainerArchive(
  parts: ContainerParts,
  container: NamedContainer,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
  const held = await openContainerRoot(parts, container.id);
  let stat: PathStat;
  const absolute = containerPath(path);
  try {
    stat = describePath(held.root, absolute);
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw asPathError(error, path, container.name);
  }
  publishContainerEvent(parts, held.record, "archive-path");
  const name = baseName(absolute);
  const source = { kind: "node", root: held.path, path: absolute, as: name === "/" ? "" : name } as const;
  const tar = packTree(parts.workers, source, { signal });
  return { stat, tar: holdDuring(tar, held, { signal, logger: parts.logger }) };
}

import type { PathStat } from "../../../spec/engine-api/mod.ts";
import type { ContainerParts } from "../parts.ts";
import { containerPath } from "./container-path.ts";
import { openContainerRoot } from "./container-root.ts";
import { asPathError } from "./errors.ts";
import { describePath } from "./path-stat.ts";

/** A container and how the client named it, which messages repeat. */
export interface NamedContainer {
  readonly id: string;
  readonly name: string;
}

/** What is at a path of a container. Errors: notFound (`Could not find the file …`), internal. */
export async function statContainerPath(
  parts: ContainerParts,
  container: NamedContainer,
  path: string,
): Promise<PathStat> {
  await using held = await openContainerRoot(parts, container.id);
  try {
    return describePath(held.root, containerPath(path));
  } catch (error) {
    throw asPathError(error, path, container.name);
  }
}

import { createHash } from "node:crypto";
import type { Link } from "../../os/linux/netlink/mod.ts";

const UNFINISHED = "~";

/**
 * Marks links as this engine's and reads the mark again. The mark is the link's alias, `gantry:<engine id>:<id>`, so it
 * lives exactly as long as the link does and nobody takes another engine's link for his own.
 */
export class LinkOwner {
  readonly #prefix: string;
  /** Name of this engine's default bridge where `docker0` is somebody else's. */
  readonly defaultBridgeName: string;

  constructor(engineId: string) {
    this.#prefix = `gantry:${engineId}:`;
    this.defaultBridgeName = `gt-${createHash("sha256").update(engineId).digest("hex").slice(0, 8)}`;
  }

  /** The alias of a link that belongs to the network or endpoint with that id. */
  aliasOf(id: string): string {
    return `${this.#prefix}${id}`;
  }

  /** The alias of a link that is not yet as it is to be. Whoever finds one knows that a crash came between. */
  unfinishedAliasOf(id: string): string {
    return `${this.aliasOf(id)}${UNFINISHED}`;
  }

  /** The id of the network or endpoint that the link belongs to; undefined where it is not this engine's. */
  idOf(link: Link): string | undefined {
    if (!link.alias?.startsWith(this.#prefix)) return undefined;
    const rest = link.alias.slice(this.#prefix.length);
    return rest.endsWith(UNFINISHED) ? rest.slice(0, -UNFINISHED.length) : rest;
  }

  isFinished(link: Link): boolean {
    return !link.alias?.endsWith(UNFINISHED);
  }
}

/** Whether some engine of this kind, this one or another, made the link. */
export function isEngineLink(link: Link): boolean {
  return link.alias?.startsWith("gantry:") ?? false;
}

import { messageOf } from "../../base/errors.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageDeleteItem } from "../../spec/engine-api/mod.ts";
import { sweepGarbage } from "./garbage.ts";
import { storeBytes } from "./holdings.ts";
import type { ImageParts } from "./parts.ts";
import { forgetImage, releaseVariants } from "./remove.ts";
import { groupOf, isHidden } from "./variants.ts";

export interface StoreLimitSettings {
  /** What blobs and layers of images may take together. */
  readonly maxUsedBytes: number;
  /** Images that were pulled, loaded, made or run so lately stay: somebody is about to use them. */
  readonly graceMs: number;
}

/** After these the store may be larger, or more of it free to go. */
const TRIGGERS = new Set(["image pull", "image load", "image import", "image tag", "container destroy"]);

/**
 * Keeps the image store below a size: where it is larger, images that no container uses go, least recently used first, with
 * all their names. Off unless the operator asks for it.
 * Crash: an image is forgotten before its content goes; what is left over is swept at the next start.
 */
export class StoreLimit implements AsyncDisposable {
  readonly #parts: ImageParts;
  readonly #settings: StoreLimitSettings;
  readonly #subscription: Disposable;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ImageParts, settings: StoreLimitSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#subscription = parts.events.subscribe(({ type, action }) => {
      if (TRIGGERS.has(`${type} ${action}`)) this.request();
    });
  }

  /** Looks at the store soon; requests that come meanwhile become one. */
  request(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when what was requested so far is done. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
    clearTimeout(this.#timer);
    this.#again = false;
    await this.#running;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#enforce();
      } catch (error) {
        this.#parts.logger.warn({ err: error }, `the image store could not be bounded: ${messageOf(error)}`);
      }
    }
  }

  async #enforce(): Promise<void> {
    const { maxUsedBytes, graceMs } = this.#settings;
    const parts = this.#parts;
    let usedBytes = await storeBytes(parts);
    if (usedBytes > maxUsedBytes) usedBytes -= (await sweepGarbage(parts)).freedBytes;
    while (usedBytes > maxUsedBytes) {
      const oldest = leastRecentlyUsed(parts);
      if (!oldest) return;
      const waitMs = oldest.usedAtMs + graceMs - Date.now();
      if (waitMs > 0) {
        this.#lookAgainIn(waitMs);
        return;
      }
      parts.logger.info({ image: oldest.image.id, usedBytes, maxUsedBytes }, "image removed to make room");
      forgetGroup(parts, oldest.image);
      await sweepGarbage(parts);
      usedBytes = await storeBytes(parts);
    }
  }

  #lookAgainIn(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.request(), waitMs + 1000);
    this.#timer.unref();
  }
}

/** The image that nothing needs and that was used longest ago. */
function leastRecentlyUsed(parts: ImageParts): { image: ImageRecord; usedAtMs: number } | undefined {
  const used = new Set(parts.users.list().map(({ imageId }) => imageId));
  const free = parts.images.list().flatMap((image) => {
    const group = groupOf(parts, image.id);
    const needed = group.some(({ id }) => used.has(id) || parts.images.children(id).length > 0);
    if (needed || isHidden(parts, image.id)) return [];
    return [{ image, usedAtMs: Math.max(...group.map(({ id }) => parts.images.lastUsedAtMs(id))) }];
  });
  return free.sort((a, b) => a.usedAtMs - b.usedAtMs)[0];
}

function forgetGroup(parts: ImageParts, image: ImageRecord): void {
  const targets = parts.images.targetsOf(image.id);
  const items: ImageDeleteItem[] = [];
  forgetImage(parts, image, items);
  releaseVariants(parts, targets, items);
}

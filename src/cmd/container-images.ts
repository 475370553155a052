import type { Digest } from "../base/digest.ts";
import { isKind } from "../base/errors.ts";
import type { ImageStore } from "../core/images/image-store.ts";
import type { ContainerImage, ContainerImages } from "../services/containers/parts.ts";
import type { ImageService } from "../services/images/mod.ts";
import { parsePlatform } from "../spec/oci-image/platform.ts";

/** Images as the container verbs see them. */
export class ContainerImageSource implements ContainerImages {
  readonly #images: ImageService;
  readonly #store: ImageStore;

  constructor(images: ImageService, store: ImageStore) {
    this.#images = images;
    this.#store = store;
  }

  async resolve(reference: string, platform: string | undefined): Promise<ContainerImage> {
    const { image } = this.#images.resolve(reference, platform ? parsePlatform(platform) : undefined);
    const { config } = await this.#images.readConfig(image.id);
    return {
      id: image.id,
      manifest: image.manifest,
      topLayer: image.topLayer,
      platform: image.platform,
      config,
    };
  }

  async sizeOf(id: Digest): Promise<number> {
    return this.#store.get(id)?.sizeBytes ?? 0;
  }

  displayName(reference: string, id: Digest): string {
    return this.#find(reference) === id ? reference : id;
  }

  isAncestor(text: string, id: Digest): boolean {
    const wanted = this.#find(text);
    for (let current: Digest | undefined = id; current; current = this.#store.get(current)?.parent) {
      if (current === wanted) return true;
    }
    return false;
  }

  /** The id of the image that a text names; undefined where it names none any more. */
  #find(text: string): Digest | undefined {
    try {
      return this.#images.resolve(text).image.id;
    } catch (error) {
      if (isKind(error, "notFound") || isKind(error, "invalidArgument")) return undefined;
      throw error;
    }
  }
}

import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { ImageStore } from "../../core/images/image-store.ts";
import { type ElfKind, isEmulated } from "../../os/linux/binfmt.ts";
import type { ContainerImage, ContainerImages } from "../../services/containers/parts.ts";
import type { ImageService, ResolvedImage } from "../../services/images/mod.ts";
import type { OCIDescriptor } from "../../spec/engine-api/mod.ts";
import type { ImageConfigDocument } from "../../spec/oci-image/config.ts";
import { formatPlatform, type Platform, parsePlatform, platformRank } from "../../spec/oci-image/platform.ts";

/** How programs of the architectures begin that emulators are made for. */
const ELF_KINDS: Readonly<Record<string, ElfKind>> = {
  "386": { machine: 3, bits: 32 },
  amd64: { machine: 62, bits: 64 },
  arm: { machine: 40, bits: 32 },
  arm64: { machine: 183, bits: 64 },
  loong64: { machine: 258, bits: 64 },
  mips64: { machine: 8, bits: 64, bigEndian: true },
  mips64le: { machine: 8, bits: 64 },
  ppc64le: { machine: 21, bits: 64 },
  riscv64: { machine: 243, bits: 64 },
  s390x: { machine: 22, bits: 64, bigEndian: true },
};

/** Images as the container verbs see them. */
export class ContainerImageSource implements ContainerImages {
  readonly #images: ImageService;
  readonly #store: ImageStore;
  readonly #machine: Platform;
  /** What never changes, by digest. */
  readonly #descriptors = new Map<Digest, OCIDescriptor>();

  /** `machine` is the platform with all that this machine's processors can do. */
  constructor(images: ImageService, store: ImageStore, machine: Platform) {
    this.#images = images;
    this.#store = store;
    this.#machine = machine;
  }

  async resolve(reference: string, platform: string | undefined): Promise<ContainerImage> {
    const { image, manifest } = this.#images.resolve(
      reference,
      platform ? parsePlatform(platform) : undefined,
    );
    const config = await this.#images.readConfig(image.id);
    this.#images.markUsed(image.id);
    return {
      id: image.id,
      manifest,
      topLayer: image.topLayer,
      platform: image.platform,
      config: config.config,
      platformWarning: this.#warnOfPlatform(config, platform !== undefined),
    };
  }

  async manifestDescriptor(id: Digest, manifest: Digest | undefined): Promise<OCIDescriptor | undefined> {
    const image = this.#store.get(id);
    if (!image || manifest === undefined) return undefined;
    const known = this.#descriptors.get(manifest) ?? (await this.#images.describeManifest(image, manifest));
    if (known) this.#descriptors.set(manifest, known);
    return known;
  }

  async sizeOf(id: Digest): Promise<number> {
    return this.#store.get(id)?.sizeBytes ?? 0;
  }

  displayName(reference: string, id: Digest): string {
    return this.#find(reference).has(id) ? reference : id;
  }

  isAncestor(text: string, id: Digest): boolean {
    const wanted = this.#find(text);
    for (let current: Digest | undefined = id; current; current = this.#store.get(current)?.parent) {
      if (wanted.has(current)) return true;
    }
    return false;
  }

  #warnOfPlatform(
    { os, architecture, variant }: ImageConfigDocument,
    requested: boolean,
  ): string | undefined {
    const wanted = { os, architecture, ...(variant && { variant }) };
    if (platformRank(this.#machine, wanted) !== undefined) return undefined;
    if (requested) {
      // Docker says nothing to who asked for it, and leaves him with the kernel's "exec format error".
      const kind = ELF_KINDS[architecture];
      if (kind && isEmulated(kind)) return undefined;
      return `This machine (${formatPlatform(this.#machine)}) runs programs of ${formatPlatform(wanted)} only through an emulator that is registered with the kernel (binfmt_misc), and none is: they will end with "exec format error"`;
    }
    return `The requested image's platform (${formatPlatform(wanted)}) does not match the detected host platform (${formatPlatform(this.#machine)}) and no specific platform was requested`;
  }

  /** Ids of the images, one for each platform, that a text names; empty where it names none any more. */
  #find(text: string): ReadonlySet<Digest> {
    let found: ResolvedImage;
    try {
      found = this.#images.resolve(text);
    } catch (error) {
      if (isKind(error, "notFound") || isKind(error, "invalidArgument")) return new Set();
      throw error;
    }
    return new Set([found.image.id, ...this.#store.variantsOf(found.target).map(({ imageId }) => imageId)]);
  }
}

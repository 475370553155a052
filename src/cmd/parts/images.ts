import { parseBinarySize } from "../../base/bytes.ts";
import { LayerWorkers } from "../../drivers/layers/mod.ts";
import type { RegistryRemotes } from "../../drivers/remote-registry/mod.ts";
import { ImageService } from "../../services/images/mod.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import type { DaemonSettings } from "../daemon-settings.ts";
import { transferLimits } from "../registry-settings.ts";
import type { Foundation } from "./foundation.ts";
import { imageUsers } from "./image-users.ts";
import type { Stores } from "./stores.ts";

/** Whoever has just pulled or run an image is likely to need it again at once. */
const IMAGE_GRACE_MS = 10 * 60_000;

export interface ImageNeeds extends Foundation {
  readonly stores: Stores;
  readonly remotes: RegistryRemotes;
}

export function createImages(
  { settings, workers, events, logger, stores, remotes }: ImageNeeds,
  resources: AsyncDisposableStack,
): ImageService {
  const unpackerCount = Math.min(8, Math.max(2, settings["max-concurrent-downloads"]));
  return new ImageService({
    images: stores.images,
    content: stores.content,
    snapshotter: stores.snapshotter,
    leases: stores.leases,
    events,
    remotes,
    users: imageUsers(stores.containers),
    workers,
    unpackers: resources.use(new LayerWorkers({ maxWorkers: unpackerCount })),
    logger,
    platform: hostPlatform(),
    ...transferLimits(settings),
  });
}

/** The image store is kept below the size that the settings name, if they do. */
export function limitImages(
  images: ImageService,
  settings: DaemonSettings,
  resources: AsyncDisposableStack,
): void {
  const maxUsed = settings["image-gc"]["max-used-space"];
  if (maxUsed === undefined) return;
  const limit = { maxUsedBytes: parseBinarySize(maxUsed), graceMs: IMAGE_GRACE_MS };
  resources.use(images.limitStore(limit)).request();
}

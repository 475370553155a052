import type { KeyedMutex, Semaphore } from "../../base/async.ts";
import type { Digest } from "../../base/digest.ts";
import type { Logger } from "../../base/logger.ts";
import type { ContentStore } from "../../core/content/content-store.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type { ImageStore } from "../../core/images/image-store.ts";
import type { LeaseStore } from "../../core/leases/lease-store.ts";
import type { RemoteFactory } from "../../core/remotes/remote.ts";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import type { LayerWorkers } from "../../drivers/layers/mod.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import type { SharedWork } from "./shared-work.ts";

/** A container as far as images care: it needs its image, and its root file system is the snapshot of its id. */
export interface ImageUser {
  readonly containerId: string;
  /** Key of the snapshot that the container has, or is to have, on the image's layers. */
  readonly snapshot: string;
  readonly imageId: Digest;
  /** The image as it was asked for: a name, an id or a part of one. */
  readonly asked: string;
  readonly running: boolean;
}

/** Who uses images. Supplied by the wiring from the containers' store. */
export interface ImageUsers {
  list(): readonly ImageUser[];
}

/** What the image verbs work with. */
export interface ImageParts {
  readonly images: ImageStore;
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly leases: LeaseStore;
  readonly events: EventLog;
  readonly remotes: RemoteFactory;
  readonly users: ImageUsers;
  /** Threads that pack and unpack layers. */
  readonly workers: LayerWorkers;
  /** Threads for layers that are unpacked while they arrive, which takes as long as a registry takes. */
  readonly unpackers: LayerWorkers;
  readonly logger: Logger;
  /** Platform of images that are asked for without one. */
  readonly platform: Platform;
  /** Layer downloads and uploads at a time, over all pulls and pushes. */
  readonly downloads: Semaphore;
  readonly uploads: Semaphore;
  /** Orders taking something into a lease against its removal; by digest or snapshot key. */
  readonly claims: KeyedMutex;
  /** Sweeps under way, each with what was claimed since it began. */
  readonly claimWatchers: Set<Set<string>>;
  readonly sharedPulls: SharedWork<void>;
  readonly sharedDownloads: SharedWork<void>;
  readonly sharedExtractions: SharedWork<void>;
}

import type { KeyedMutex } from "../../base/async.ts";
import type { BackgroundWork } from "../../base/background-work.ts";
import type { Digest } from "../../base/digest.ts";
import type { Logger } from "../../base/logger.ts";
import type { ContainerRecord, ContainerStore } from "../../core/containers/container-record.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type { TaskRuntime } from "../../core/tasks/task-runtime.ts";
import type { LayerWorkers } from "../../drivers/layers/mod.ts";
import type { ContainerConfig, ImageConfig, OCIDescriptor } from "../../spec/engine-api/mod.ts";
import type { LogService } from "../logs/mod.ts";
import type { NetworkService } from "../networks/mod.ts";
import type { VolumeService } from "../volumes/mod.ts";
import type { ImageCommitter } from "./commit.ts";
import type { HostChoice } from "./create/check-host-config.ts";
import type { HostDefaults } from "./create/normalize-host-config.ts";
import type { EnginePaths } from "./engine-paths.ts";
import { noSuchContainer } from "./errors.ts";
import type { ExecRegistry } from "./exec/exec-registry.ts";
import type { HealthMonitors } from "./health/health-monitors.ts";
import type { RootFilesystems } from "./rootfs.ts";
import type { CopyTree } from "./run/fill-volume.ts";
import type { LiveContainers } from "./run/live-containers.ts";
import type { RuntimeSpecs } from "./run/runtime-specs.ts";
import type { SideMounts } from "./run/side-mounts.ts";
import type { Meters } from "./stats/host-meters.ts";
import type { Timers } from "./timers.ts";

/** What containers need of an image. */
export interface ContainerImage {
  readonly id: Digest;
  readonly manifest: Digest | undefined;
  /** Snapshot the root file system starts from; empty for an image without layers. */
  readonly topLayer: string;
  readonly platform: string;
  readonly config: ImageConfig;
  /** Where this machine's platform is another: docker's words, or what is missing where that platform was asked for. */
  readonly platformWarning: string | undefined;
}

export interface ContainerImages {
  /** Errors: notFound (`No such image: …`), invalidArgument. */
  resolve(reference: string, platform: string | undefined): Promise<ContainerImage>;
  /** The manifest that a container was made of, for `ImageManifestDescriptor`; undefined where the image is gone. */
  manifestDescriptor(id: Digest, manifest: Digest | undefined): Promise<OCIDescriptor | undefined>;
  /** Bytes of the image's unpacked layers; 0 where the image is gone. */
  sizeOf(id: Digest): Promise<number>;
  /** The name by which a list shows the image: as the container asked for it, or its id where the name has moved on. */
  displayName(reference: string, id: Digest): string;
  /** Whether `text` names the image `id` or one that it was made from. */
  isAncestor(text: string, id: Digest): boolean;
}

/** What the container verbs are made of. One object for each engine; verbs are functions over it. */
export interface ContainerParts {
  readonly store: ContainerStore;
  readonly images: ContainerImages;
  readonly rootfs: RootFilesystems;
  readonly sideMounts: SideMounts;
  readonly volumes: VolumeService;
  readonly networks: NetworkService;
  readonly runtime: TaskRuntime;
  readonly specs: RuntimeSpecs;
  readonly logs: LogService;
  readonly events: EventLog;
  readonly paths: EnginePaths;
  readonly live: LiveContainers;
  readonly execs: ExecRegistry;
  readonly copyTree: CopyTree;
  /**
   * Threads that pack and extract files of containers. Their jobs go at the pace of clients, so the pool is wide and not the
   * one that images are unpacked with: a client that stands still must not hold up a pull, nor its own other end.
   */
  readonly workers: LayerWorkers;
  readonly meters: Meters;
  readonly timers: Timers;
  readonly health: HealthMonitors;
  readonly committer: ImageCommitter;
  readonly logger: Logger;
  readonly defaults: HostDefaults;
  readonly host: HostChoice;
  /** What may finish after its caller was answered. */
  readonly background: BackgroundWork;
  /** One turn at a time for whatever changes a container's running form. */
  readonly locks: KeyedMutex;
}

/** The record as it is now. Errors: notFound where the container was removed meanwhile. */
export function currentRecord(parts: ContainerParts, id: string): ContainerRecord {
  const record = parts.store.get(id);
  if (!record) throw noSuchContainer(id);
  return record;
}

/** Stores a changed record and returns it. Errors: notFound where the container was removed meanwhile. */
export function changeRecord(
  parts: ContainerParts,
  id: string,
  change: (record: ContainerRecord) => Partial<ContainerRecord>,
): ContainerRecord {
  const record = currentRecord(parts, id);
  const changed = { ...record, ...change(record) };
  parts.store.update(changed);
  return changed;
}

/** Whether the container has a process. */
export function isRunning(record: ContainerRecord): boolean {
  return record.state.status === "running" || record.state.status === "paused";
}

/** Publishes an event of a container with the attributes docker gives all of them. */
export function publishContainerEvent(
  parts: Pick<ContainerParts, "events">,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const labels = (record.config as ContainerConfig).Labels ?? {};
  parts.events.publish({
    type: "container",
    action,
    actor: {
      id: record.id,
      attributes: { ...labels, ...attributes, image: record.config.Image ?? "", name: record.name },
    },
  });
}

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import type { EngineEvent } from "../../core/events/event-log.ts";
import { LocalContentStore } from "../../drivers/content-local/mod.ts";
import { LayerWorkers } from "../../drivers/layers/mod.ts";
import { testSettings } from "../../drivers/remote-registry/docker-registry.fixture.ts";
import { RegistryRemotes } from "../../drivers/remote-registry/mod.ts";
import { openOverlaySnapshotter } from "../../drivers/snapshots-overlay/mod.ts";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { SqliteImageStore, SqliteLeaseStore, SqliteSnapshotRows, StateDatabase } from "../../state/mod.ts";
import { MemoryEventLog } from "../events/mod.ts";
import { ImageService } from "./image-service.ts";
import type { ImageUser } from "./parts.ts";

/** An image service on real drivers in a folder of its own. */
export async function openImageFixture() {
  const folder = await mkdtemp(join(tmpdir(), "gantry-images-"));
  const database = new StateDatabase(join(folder, "state.db"));
  const workers = new LayerWorkers({ maxWorkers: 1 });
  const unpackers = new LayerWorkers({ maxWorkers: 3 });
  await mkdir(join(folder, "overlay"));
  const snapshotter = await openOverlaySnapshotter({
    root: join(folder, "overlay"),
    rows: new SqliteSnapshotRows(database, "overlay2"),
    workers,
  });
  const content = new LocalContentStore(join(folder, "content"));
  const events = new MemoryEventLog(silentLogger);
  const seen: EngineEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const users: ImageUser[] = [];
  const images = new SqliteImageStore(database);
  const leases = new SqliteLeaseStore(database);
  const remotes = new RegistryRemotes(testSettings);
  const service = new ImageService({
    images,
    content,
    snapshotter,
    leases,
    events,
    remotes,
    users: { list: () => users },
    workers,
    unpackers,
    logger: silentLogger,
    platform: hostPlatform(),
    maxConcurrentDownloads: 3,
    maxConcurrentUploads: 3,
  });
  return {
    folder,
    service,
    images,
    content,
    snapshotter,
    leases,
    users,
    events: seen,
    /** An image of one file. */
    async makeImage(name: string, text = name) {
      const tree = await mkdtemp(join(folder, "tree-"));
      await Bun.write(join(tree, "hello.txt"), text);
      await mkdir(join(tree, "etc"));
      return service.createFromTree({
        source: { directory: tree },
        name,
        config: { Cmd: ["/hello"] },
        createdBy: "test",
      });
    },
    async [Symbol.asyncDispose]() {
      await remotes.close();
      await snapshotter.reconcile();
      await workers.close();
      await unpackers.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** All messages of a stream. */
export async function collect(stream: AsyncIterable<ProgressMessage>): Promise<ProgressMessage[]> {
  const messages: ProgressMessage[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

export const signal = () => new AbortController().signal;

import type { Logger } from "../base/logger.ts";
import type { ContainerService } from "../services/containers/container-service.ts";
import type { ImageService } from "../services/images/mod.ts";
import type { NetworkService } from "../services/networks/mod.ts";
import type { AuthorizationPlugins, ManagedPluginService } from "../services/plugins/mod.ts";
import type { SystemService } from "../services/system/system-service.ts";
import { VolumeCopies, type VolumeService } from "../services/volumes/mod.ts";
import { deviceRequestsOf } from "./container-settings.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import { openRegistries } from "./open-registries.ts";
import { createContainers } from "./parts/containers.ts";
import { layFoundation } from "./parts/foundation.ts";
import { createImages, limitImages } from "./parts/images.ts";
import { createLogs } from "./parts/logs.ts";
import { createNetworks } from "./parts/networks.ts";
import { createPlugins } from "./parts/plugins.ts";
import { openStores } from "./parts/stores.ts";
import { createSystem } from "./parts/system.ts";
import { runtimeChoiceOf, taskBasisOf } from "./parts/tasks.ts";
import { createVolumes } from "./parts/volumes.ts";
import { registryAccess, transferLimits } from "./registry-settings.ts";
import { type RunOptions, type RunResult, runContainer } from "./run-container.ts";

export interface EngineOptions {
  /** What outlives a reboot: images, containers, volumes, the database. One engine at a time. */
  readonly dataRoot: string;
  /** What does not: bundles, namespaces, mounts. */
  readonly runRoot: string;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** dockerd's settings by the names of its flags; defaults for what is left out. */
  readonly settings?: Partial<DaemonSettings>;
}

/** A running engine. Disposing it leaves running containers alone: the next engine on the same roots finds them again. */
export interface Engine extends AsyncDisposable {
  readonly id: string;
  /** Which kind of control groups the host has. */
  readonly cgroupVersion: 1 | 2;
  readonly containers: ContainerService;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  readonly volumeCopies: VolumeCopies;
  /** Plug-ins that the engine runs itself. */
  readonly plugins: ManagedPluginService;
  readonly system: SystemService;
  /** Plug-ins that decide about requests. */
  readonly authorization: AuthorizationPlugins;
  /** Takes over what may change while it runs; names of changed settings that need a new start. */
  reload(settings: DaemonSettings): Promise<string[]>;
  /** Stops every container where the settings say that they do not outlive the engine; to be called before disposal. */
  stop(): Promise<void>;
  /** Resolves when the peer of that unix socket has closed it for good; rejects when the signal aborts. */
  whenHungUp(fd: number, signal: AbortSignal): Promise<void>;
  /** Runs a container to its end and removes it. */
  run(options: RunOptions): Promise<RunResult>;
}

/**
 * An engine is up on these roots; what an earlier one left behind, however it ended, has been taken over or cleaned up.
 * Needs root. Errors: unavailable (another engine has the roots), internal (no runtime or monitor installed).
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  await using undo = new AsyncDisposableStack();
  const engine = await assemble(options, undo);
  const held = undo.move();
  return { ...engine, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Every part with the parts that it needs, in the order in which they need each other. */
async function assemble(
  options: EngineOptions,
  resources: AsyncDisposableStack,
): Promise<Omit<Engine, typeof Symbol.asyncDispose>> {
  const base = await layFoundation(options, resources);
  const { settings, current, logger, reactor, workers } = base;
  const stores = await openStores(base, resources);
  const remotes = openRegistries({ ...registryAccess(settings), logger });
  resources.defer(() => remotes.close());
  const images = createImages({ ...base, stores, remotes }, resources);
  const tasks = taskBasisOf(base, resources);
  const plugins = createPlugins({ ...base, stores, remotes, tasks }, resources);
  const volumes = createVolumes({ ...base, stores, plugins: plugins.all }, resources);
  const networks = createNetworks({ ...base, stores, plugins: plugins.all }, resources);
  const runtime = tasks.createRuntime({ runRoot: base.runRoot, bundlesRoot: stores.paths.bundlesRoot });
  resources.defer(() => runtime.close());
  const logs = await createLogs({ ...base, stores, plugins: plugins.all }, resources);
  const devices = deviceRequestsOf(settings);
  const containers = createContainers(
    { ...base, stores, images, volumes, networks, logs, tasks, runtime, devices },
    resources,
  );
  const served = { images, plugins, volumes, networks, logs, containers };
  const system = await createSystem({ ...base, ...served, stores, remotes, runtime, devices });

  await plugins.managed.restore();
  await containers.restore();
  await images.sweep();
  limitImages(images, settings, resources);
  return {
    id: base.engineId,
    cgroupVersion: base.cgroupVersion,
    containers,
    images,
    networks: networks.service,
    volumes: volumes.service,
    volumeCopies: new VolumeCopies({ volumes: volumes.service, workers }),
    plugins: plugins.managed,
    system: system.service,
    authorization: plugins.authorization,
    reload: async (next) => {
      // First: it alone can fail, and then nothing has changed.
      runtime.setRuntimes(runtimeChoiceOf(next));
      const ignored = current.reload(next);
      images.setLimits(transferLimits(current.values));
      remotes.configure(registryAccess(current.values));
      await system.refreshRuntimes();
      system.service.announceReload(current.describe());
      return ignored;
    },
    stop: async () => {
      const { "live-restore": liveRestore, "shutdown-timeout": timeoutSeconds } = current.values;
      if (liveRestore) return;
      await containers.stopAll({ timeoutSeconds });
      await plugins.managed.stopAll();
    },
    whenHungUp: (fd, signal) => reactor.hungUp(fd, signal, { keepAlive: false }),
    run: (run) => runContainer(containers, run),
  };
}

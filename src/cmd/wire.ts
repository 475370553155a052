import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { KeyedMutex } from "../base/async.ts";
import { BackgroundWork } from "../base/background-work.ts";
import { parseBinarySize } from "../base/bytes.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { LocalContentStore } from "../drivers/content-local/mod.ts";
import { LayerWorkers, mountSnapshot, unmountSnapshot } from "../drivers/layers/mod.ts";
import { createLogDrivers } from "../drivers/logs/mod.ts";
import {
  deriveCgroupParent,
  ensureDefaultProfile,
  OciRuntime,
  readHostFacts as readRuntimeFacts,
} from "../drivers/runtime-oci/mod.ts";
import { LocalVolumeDriver } from "../drivers/volume-local/local-volume-driver.ts";
import { readLimitSupport } from "../os/linux/cgroup/limit-support.ts";
import { prepareHost } from "../os/linux/cgroup/prepare-host.ts";
import { FileChanges } from "../os/linux/reactor/file-changes.ts";
import { Reactor } from "../os/linux/reactor/reactor.ts";
import { readX86Level } from "../os/linux/x86-level.ts";
import { ContainerService } from "../services/containers/container-service.ts";
import { EnginePaths } from "../services/containers/engine-paths.ts";
import { ExecRegistry } from "../services/containers/exec/exec-registry.ts";
import { HealthMonitors } from "../services/containers/health/health-monitors.ts";
import type { ContainerParts } from "../services/containers/parts.ts";
import { RootFilesystems } from "../services/containers/rootfs.ts";
import { LiveContainers } from "../services/containers/run/live-containers.ts";
import { SideMounts } from "../services/containers/run/side-mounts.ts";
import { HostMeters } from "../services/containers/stats/host-meters.ts";
import { systemTimers } from "../services/containers/timers.ts";
import { MemoryEventLog } from "../services/events/memory-event-log.ts";
import { ImageService } from "../services/images/mod.ts";
import { LogService } from "../services/logs/mod.ts";
import { NetworkService } from "../services/networks/network-service.ts";
import {
  type AuthorizationPlugins,
  type ManagedPluginService,
  PluginLogDrivers,
  PluginVolumeDrivers,
} from "../services/plugins/mod.ts";
import { readHostFacts } from "../services/system/host-facts.ts";
import { SystemService } from "../services/system/system-service.ts";
import {
  builtinVolumeDrivers,
  VolumeCopies,
  VolumeService,
  volumeReferences,
} from "../services/volumes/mod.ts";
import { hostPlatform, type Platform } from "../spec/oci-image/platform.ts";
import {
  SqliteContainerStore,
  SqliteImageStore,
  SqliteLeaseStore,
  SqliteManagedPluginStore,
  SqliteNetworkStore,
  SqliteVolumeStore,
  StateDatabase,
} from "../state/mod.ts";
import { ContainerImageSource } from "./container-images.ts";
import { deviceRequestsOf, hostDefaultsOf, ociSpecsOf, securitySettingsOf } from "./container-settings.ts";
import { CurrentSettings } from "./current-settings.ts";
import { DAEMON_FLAGS, type DaemonSettings } from "./daemon-settings.ts";
import { engineIdOf } from "./engine-id.ts";
import { imageUsers } from "./image-users.ts";
import { createNetworkDrivers } from "./network-drivers.ts";
import { openRegistries } from "./open-registries.ts";
import { createPlugins } from "./plugins.ts";
import { describeInit, describeRuntimes } from "./program-versions.ts";
import { registryAccess, transferLimits } from "./registry-settings.ts";
import { type RunOptions, type RunResult, runContainer } from "./run-container.ts";
import { runtimeOptionsOf } from "./runtime-options.ts";
import { openStorage } from "./storage-driver.ts";

/** Whoever has just pulled or run an image is likely to need it again at once. */
const IMAGE_GRACE_MS = 10 * 60_000;

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
  /** Plug-ins that decide about requests; undefined where none are configured. */
  readonly authorization: AuthorizationPlugins | undefined;
  /** Takes over what may change while it runs; names of changed settings that need a new start. */
  reload(settings: DaemonSettings): string[];
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

async function assemble(
  options: EngineOptions,
  resources: AsyncDisposableStack,
): Promise<Omit<Engine, typeof Symbol.asyncDispose>> {
  const { dataRoot, runRoot, logger = silentLogger } = options;
  const current = new CurrentSettings({ ...defaultSettings(), ...options.settings });
  const settings = current.values;
  mkdirSync(runRoot, { recursive: true, mode: 0o711 });
  const id = engineIdOf(dataRoot);
  const { world } = await prepareHost();
  const cgroupVersion = world.mode === "v2" ? 2 : 1;
  const database = resources.use(new StateDatabase(join(dataRoot, "gantry.db")));
  const reactor = await Reactor.start();
  resources.defer(() => reactor.stop());
  const workers = resources.use(new LayerWorkers());
  const events = new MemoryEventLog(logger);
  const storage = resources.use(
    await openStorage({
      dataRoot,
      driver: settings["storage-driver"],
      driverOptions: settings["storage-opt"],
      database,
      workers,
      log: logger,
    }),
  );
  const { snapshotter } = storage;
  const stores = {
    containers: new SqliteContainerStore(storage.database),
    images: new SqliteImageStore(storage.database),
    leases: new SqliteLeaseStore(storage.database),
    networks: new SqliteNetworkStore(database),
    volumes: new SqliteVolumeStore(database),
  };
  stores.leases.clear();
  resources.defer(() => snapshotter.close());
  await snapshotter.reconcile();
  const remotes = openRegistries({ ...registryAccess(settings), logger });
  resources.defer(() => remotes.close());
  const content = new LocalContentStore(join(storage.root, "content"));
  const images = new ImageService({
    images: stores.images,
    content,
    snapshotter,
    leases: stores.leases,
    events,
    remotes,
    users: imageUsers(stores.containers),
    workers,
    unpackers: resources.use(
      new LayerWorkers({ maxWorkers: Math.min(8, Math.max(2, settings["max-concurrent-downloads"])) }),
    ),
    logger,
    platform: hostPlatform(),
    ...transferLimits(settings),
  });
  const paths = new EnginePaths(dataRoot, storage.root, runRoot);
  const cgroupParent = settings["cgroup-parent"] || deriveCgroupParent(dataRoot);
  const limits = readLimitSupport(world);
  const runtimeFacts = readRuntimeFacts(world, limits);
  const runtimeOptions = runtimeOptionsOf(settings, reactor, logger);
  const enginePlugins = createPlugins({
    dataRoot,
    runRoot,
    settings,
    runtimeOptions,
    store: new SqliteManagedPluginStore(database),
    remotes,
    workers,
    cgroupParent,
    facts: runtimeFacts,
    logPipesRoot: paths.logPipesRoot,
    events,
    logger,
    users: stores,
  });
  const { plugins } = resources.use(enginePlugins);
  const clearing = resources.use(new BackgroundWork(logger));
  const localVolumes = new LocalVolumeDriver(join(dataRoot, "volumes"), clearing);
  const volumeDrivers = new PluginVolumeDrivers(builtinVolumeDrivers([localVolumes]), plugins);
  const volumes = new VolumeService({
    store: stores.volumes,
    drivers: volumeDrivers,
    events,
    logger,
    references: () => volumeReferences(stores.containers.list()),
    diskUsage: async (directory) => (await workers.run("measure", { directory })).sizeBytes,
  });
  const network = createNetworkDrivers({
    engineId: id,
    dataRoot,
    runRoot,
    settings,
    reactor,
    plugins,
    logger,
  });
  resources.use(network);
  const networks = new NetworkService({
    store: stores.networks,
    drivers: network.drivers,
    sandboxes: network.sandboxes,
    names: network.names,
    events,
    logger,
    background: resources.use(new BackgroundWork(logger)),
    defaultBridge: network.defaultBridge,
    defaultOptions: network.defaultOptions,
    hostGateways: settings["host-gateway-ip"],
  });
  const runtime = new OciRuntime({ ...runtimeOptions, runRoot, bundlesRoot: paths.bundlesRoot });
  resources.defer(() => runtime.close());
  const devices = deviceRequestsOf(settings);
  const hostFacts = () => readHostFacts(world, securitySettingsOf(settings));
  const { drivers: builtin, cache } = createLogDrivers(reactor, logger);
  const logs = new LogService({
    drivers: new PluginLogDrivers({ builtin, plugins, directory: paths.logPipesRoot, reactor, logger }),
    cache,
    changes: resources.use(new FileChanges(reactor)),
    paths,
    logger,
    defaults: { Type: settings["log-driver"], Config: settings["log-opt"] },
  });
  resources.defer(() => logs.close());
  await logs.checkDefaults();
  const snapshotMounter = { mount: mountSnapshot, unmount: unmountSnapshot };
  const parts: ContainerParts = {
    store: stores.containers,
    images: new ContainerImageSource(images, stores.images, machinePlatform()),
    rootfs: new RootFilesystems(snapshotter, snapshotMounter, paths.rootfsRoot),
    volumes,
    networks,
    runtime,
    specs: ociSpecsOf(settings, runtimeFacts, cgroupParent, devices, world),
    logs,
    events,
    sideMounts: new SideMounts(paths.sideMountsRoot, snapshotter, snapshotMounter),
    paths,
    live: new LiveContainers(),
    execs: new ExecRegistry(),
    copyTree: async (source, target) => void (await workers.run("copy", { source, target })),
    // Of their own: they go at the pace of clients, which must not hold up pulls.
    workers: resources.use(new LayerWorkers({ maxWorkers: 32 })),
    meters: new HostMeters(world),
    timers: systemTimers,
    health: new HealthMonitors(),
    committer: { service: images, images: stores.images, content, leases: stores.leases },
    logger,
    defaults: hostDefaultsOf(settings, runtime.runtimes[0]!.name, cgroupVersion, runtimeFacts),
    host: {
      cpus: hostFacts().cpus,
      limits,
      runtimes: runtime.runtimes.map(({ name }) => name),
    },
    background: resources.use(new BackgroundWork(logger)),
    locks: new KeyedMutex(),
  };
  if (runtimeFacts.apparmor) parts.background.start("loading the AppArmor profile", ensureDefaultProfile);
  const containers = new ContainerService(parts);
  resources.defer(() => containers.close());
  const system = new SystemService({
    engineId: id,
    dataRoot,
    containers: stores.containers,
    countImages: () => images.count(),
    volumes: stores.volumes,
    snapshotter,
    remotes,
    events,
    host: hostFacts,
    limits,
    devices: {
      directories: devices.directories,
      list: async () => {
        const { devices: known, errors } = await devices.inventory();
        return { names: [...known.keys()].sort(), errors };
      },
    },
    runtimes: await describeRuntimes(runtime.runtimes),
    init: () => describeInit(settings["init-path"]),
    current: () => {
      const { label: labels, debug, "live-restore": liveRestore } = current.values;
      return { labels, debug, liveRestore };
    },
    plugins: () => {
      const networkDrivers = network.drivers.builtin.map(({ name }) => name);
      return enginePlugins.names(volumeDrivers.names(), networkDrivers, logs.driverNames);
    },
    defaultLogDriver: logs.defaultDriver,
    registry: remotes,
    usage: {
      containers: () => containers.list({ all: true, limit: 0, size: true, filters: new Map() }),
      images: () => images.diskUsage(),
      volumes: () => volumes.listWithUsage(),
    },
  });
  await enginePlugins.managed.restore();
  await containers.restore();
  await images.sweep();
  const maxUsed = settings["image-gc"]["max-used-space"];
  if (maxUsed !== undefined) {
    const limit = { maxUsedBytes: parseBinarySize(maxUsed), graceMs: IMAGE_GRACE_MS };
    resources.use(images.limitStore(limit)).request();
  }
  return {
    id,
    cgroupVersion,
    containers,
    images,
    networks,
    volumes,
    volumeCopies: new VolumeCopies({ volumes, workers }),
    plugins: enginePlugins.managed,
    system,
    authorization: enginePlugins.authorization,
    reload: (next) => {
      const ignored = current.reload(next);
      images.setLimits(transferLimits(current.values));
      remotes.configure(registryAccess(current.values));
      system.announceReload(current.describe());
      return ignored;
    },
    stop: async () => {
      const { "live-restore": liveRestore, "shutdown-timeout": timeoutSeconds } = current.values;
      if (liveRestore) return;
      await containers.stopAll({ timeoutSeconds });
      await enginePlugins.managed.stopAll();
    },
    whenHungUp: (fd, signal) => reactor.hungUp(fd, signal, { keepAlive: false }),
    run: (run) => runContainer(containers, run),
  };
}

/** This machine's platform with the level of its processors, as docker names it in its warning. */
function machinePlatform(): Platform {
  const host = hostPlatform();
  const level = host.architecture === "amd64" ? readX86Level() : 1;
  return level > 1 ? { ...host, variant: `v${level}` } : host;
}

function defaultSettings(): DaemonSettings {
  return Object.fromEntries(
    Object.entries(DAEMON_FLAGS).map(([name, flag]) => [name, flag.initial]),
  ) as DaemonSettings;
}

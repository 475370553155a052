import { KeyedMutex } from "../../base/async.ts";
import { BackgroundWork } from "../../base/background-work.ts";
import type { DeviceRequests } from "../../drivers/devices-cdi/mod.ts";
import { LayerWorkers, mountSnapshot, unmountSnapshot } from "../../drivers/layers/mod.ts";
import { ensureDefaultProfile, type OciRuntime } from "../../drivers/runtime-oci/mod.ts";
import { countCpus } from "../../os/linux/kernel-info.ts";
import { readX86Level } from "../../os/linux/x86-level.ts";
import { ContainerService } from "../../services/containers/container-service.ts";
import { ExecRegistry } from "../../services/containers/exec/exec-registry.ts";
import { HealthMonitors } from "../../services/containers/health/health-monitors.ts";
import type { ContainerParts } from "../../services/containers/parts.ts";
import { RootFilesystems } from "../../services/containers/rootfs.ts";
import { LiveContainers } from "../../services/containers/run/live-containers.ts";
import { SideMounts } from "../../services/containers/run/side-mounts.ts";
import { HostMeters } from "../../services/containers/stats/host-meters.ts";
import { systemTimers } from "../../services/containers/timers.ts";
import type { ImageService } from "../../services/images/mod.ts";
import type { LogService } from "../../services/logs/mod.ts";
import { hostPlatform, type Platform } from "../../spec/oci-image/platform.ts";
import { hostDefaultsOf, ociSpecsOf } from "../container-settings.ts";
import { ContainerImageSource } from "./container-images.ts";
import type { Foundation } from "./foundation.ts";
import type { Networks } from "./networks.ts";
import type { Stores } from "./stores.ts";
import type { TaskBasis } from "./tasks.ts";
import type { Volumes } from "./volumes.ts";

export interface ContainerNeeds extends Foundation {
  readonly stores: Stores;
  readonly images: ImageService;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly logs: LogService;
  readonly tasks: TaskBasis;
  readonly runtime: OciRuntime;
  readonly devices: DeviceRequests;
}

export function createContainers(needs: ContainerNeeds, resources: AsyncDisposableStack): ContainerService {
  const { settings, logger, events, world, workers, stores, images, tasks, runtime } = needs;
  const { snapshotter, paths } = stores;
  const mounter = { mount: mountSnapshot, unmount: unmountSnapshot };
  const parts: ContainerParts = {
    store: stores.containers,
    images: new ContainerImageSource(images, stores.images, machinePlatform()),
    rootfs: new RootFilesystems(snapshotter, mounter, paths.rootfsRoot),
    sideMounts: new SideMounts(paths.sideMountsRoot, snapshotter, mounter),
    volumes: needs.volumes.service,
    networks: needs.networks.service,
    runtime,
    specs: ociSpecsOf(settings, tasks.facts, tasks.cgroupParent, needs.devices, world),
    logs: needs.logs,
    events,
    paths,
    live: new LiveContainers(),
    execs: new ExecRegistry(),
    copyTree: async (source, target) => void (await workers.run("copy", { source, target })),
    // Of their own: they go at the pace of clients, which must not hold up pulls.
    workers: resources.use(new LayerWorkers({ maxWorkers: 32 })),
    meters: new HostMeters(world),
    timers: systemTimers,
    health: new HealthMonitors(),
    committer: { service: images, images: stores.images, content: stores.content, leases: stores.leases },
    logger,
    get defaults() {
      return hostDefaultsOf(
        needs.current.values,
        runtime.runtimes[0]!.name,
        needs.cgroupVersion,
        tasks.facts,
      );
    },
    host: {
      cpus: countCpus(),
      limits: needs.limits,
      get runtimes() {
        return runtime.runtimes.map(({ name }) => name);
      },
    },
    background: resources.use(new BackgroundWork(logger)),
    locks: new KeyedMutex(),
  };
  if (tasks.facts.apparmor) parts.background.start("loading the AppArmor profile", ensureDefaultProfile);
  const containers = new ContainerService(parts);
  resources.defer(() => containers.close());
  return containers;
}

/** This machine's platform with the level of its processors, as docker names it in its warning. */
function machinePlatform(): Platform {
  const host = hostPlatform();
  const level = host.architecture === "amd64" ? readX86Level() : 1;
  return level > 1 ? { ...host, variant: `v${level}` } : host;
}

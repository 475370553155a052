import type { DeviceRequests } from "../../drivers/devices-cdi/mod.ts";
import type { RegistryRemotes } from "../../drivers/remote-registry/mod.ts";
import type { OciRuntime } from "../../drivers/runtime-oci/mod.ts";
import type { ContainerService } from "../../services/containers/container-service.ts";
import type { ImageService } from "../../services/images/mod.ts";
import type { LogService } from "../../services/logs/mod.ts";
import { readHostFacts } from "../../services/system/host-facts.ts";
import type { DeviceSource } from "../../services/system/parts.ts";
import { SystemService } from "../../services/system/system-service.ts";
import { securitySettingsOf } from "../container-settings.ts";
import { tellExposedApi } from "../listeners.ts";
import { shownProxies } from "../registry-settings.ts";
import { addressPoolOf } from "../setting-values.ts";
import type { Foundation } from "./foundation.ts";
import type { Networks } from "./networks.ts";
import type { EnginePlugins } from "./plugins.ts";
import { describeInit, describeRuntimes } from "./program-versions.ts";
import type { Stores } from "./stores.ts";
import type { Volumes } from "./volumes.ts";

export interface SystemNeeds extends Foundation {
  readonly stores: Stores;
  readonly remotes: RegistryRemotes;
  readonly images: ImageService;
  readonly plugins: EnginePlugins;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly logs: LogService;
  readonly containers: ContainerService;
  readonly runtime: OciRuntime;
  readonly devices: DeviceRequests;
}

export interface EngineSystem {
  readonly service: SystemService;
  /** `info` and `version` tell of the runtimes that there are now. */
  refreshRuntimes(): Promise<void>;
}

export async function createSystem(needs: SystemNeeds): Promise<EngineSystem> {
  const { settings, stores, remotes, images, plugins, volumes, networks, logs, containers } = needs;
  let runtimes = await describeRuntimes(needs.runtime.runtimes);
  const service = new SystemService({
    engineId: needs.engineId,
    dataRoot: needs.dataRoot,
    containers: stores.containers,
    countImages: () => images.count(),
    volumes: stores.volumes,
    snapshotter: stores.snapshotter,
    remotes,
    events: needs.events,
    host: () => readHostFacts(needs.world, securitySettingsOf(settings)),
    limits: needs.limits,
    devices: deviceSourceOf(needs.devices),
    runtimes: () => runtimes,
    init: () => describeInit(settings["init-path"]),
    current: () => {
      const { values } = needs.current;
      const { label: labels, debug, "live-restore": liveRestore } = values;
      return { labels, debug, liveRestore, proxies: shownProxies(values, process.env) };
    },
    experimental: settings.experimental,
    addressPools: settings["default-address-pool"].map((text) => {
      const { base, size } = addressPoolOf(text);
      return { Base: base, Size: size };
    }),
    warnings: tellExposedApi(settings),
    plugins: () => plugins.names(volumes.drivers.names(), networks.driverNames, logs.driverNames),
    defaultLogDriver: logs.defaultDriver,
    registry: remotes,
    usage: {
      containers: () => containers.list({ all: true, limit: 0, size: true, filters: new Map() }),
      images: () => images.diskUsage(),
      volumes: () => volumes.service.listWithUsage(),
    },
  });
  return {
    service,
    async refreshRuntimes() {
      runtimes = await describeRuntimes(needs.runtime.runtimes);
    },
  };
}

function deviceSourceOf(devices: DeviceRequests): DeviceSource {
  return {
    directories: devices.directories,
    list: async () => {
      const { devices: known, errors } = await devices.inventory();
      return { names: [...known.keys()].sort(), errors };
    },
  };
}

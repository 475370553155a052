import { BackgroundWork } from "../../base/background-work.ts";
import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import { NetworkService } from "../../services/networks/mod.ts";
import type { Foundation } from "./foundation.ts";
import { createNetworkDrivers } from "./network-drivers.ts";
import type { Stores } from "./stores.ts";

export interface NetworkNeeds extends Foundation {
  readonly stores: Stores;
  readonly plugins: Plugins;
}

export interface Networks {
  readonly service: NetworkService;
  /** Names of the engine's own drivers. */
  readonly driverNames: readonly string[];
}

/** Errors: invalidArgument for settings that make no sense. */
export function createNetworks(needs: NetworkNeeds, resources: AsyncDisposableStack): Networks {
  const { settings, events, logger, stores } = needs;
  const { drivers, sandboxes, names, defaultBridge, defaultOptions } = resources.use(
    createNetworkDrivers(needs),
  );
  const service = new NetworkService({
    store: stores.networks,
    drivers,
    sandboxes,
    names,
    events,
    logger,
    background: resources.use(new BackgroundWork(logger)),
    defaultBridge,
    defaultOptions,
    hostGateways: settings["host-gateway-ip"],
  });
  return { service, driverNames: drivers.builtin.map(({ name }) => name) };
}

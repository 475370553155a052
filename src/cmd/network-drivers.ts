import { invalidArgument } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { NetworkDriver, SandboxFactory } from "../core/networks/network-driver.ts";
import type { IpamPool } from "../core/networks/network-record.ts";
import { Subnet } from "../drivers/ipam/mod.ts";
import { BridgeDriver } from "../drivers/network-bridge/mod.ts";
import { HostDriver } from "../drivers/network-host/mod.ts";
import { NoneDriver } from "../drivers/network-none/mod.ts";
import { NetworkSandboxes } from "../drivers/network-sandbox/mod.ts";
import { type DaemonSettings, DEFAULT_DATA_ROOT } from "./daemon-settings.ts";

export interface NetworkDriverOptions {
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly settings: DaemonSettings;
  readonly logger: Logger;
}

export interface NetworkDrivers extends AsyncDisposable {
  readonly drivers: readonly NetworkDriver[];
  readonly sandboxes: SandboxFactory;
  /** What the settings say of the default bridge. */
  readonly defaultBridge: {
    readonly options: Readonly<Record<string, string>>;
    readonly pools: readonly IpamPool[];
  };
}

/** The drivers of an engine's networks. Errors: invalidArgument for settings that make no sense. */
export function createNetworkDrivers(options: NetworkDriverOptions): NetworkDrivers {
  const { engineId, dataRoot, runRoot, settings, logger } = options;
  const bridge = new BridgeDriver({ engineId, claimDocker0: dataRoot === DEFAULT_DATA_ROOT, logger });
  const drivers = [bridge, new HostDriver(), new NoneDriver()];
  return {
    drivers,
    sandboxes: new NetworkSandboxes({ runRoot: runRoot }),
    defaultBridge: {
      options: { "com.docker.network.driver.mtu": String(settings.mtu) },
      pools: settings.bip === "" ? [] : [poolOf(settings.bip)],
    },
    async [Symbol.asyncDispose]() {
      for (const driver of drivers) await driver.close();
    },
  };
}

/** The pool that `--bip ADDRESS/LENGTH` means: that network, with the address as its gateway. */
function poolOf(bip: string): IpamPool {
  const [gateway, length] = bip.split("/");
  if (!gateway || !length) throw invalidArgument(`invalid CIDR address: ${bip}`);
  return { subnet: String(Subnet.parse(bip)), gateway };
}

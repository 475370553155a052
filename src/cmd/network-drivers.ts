import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { NameResolver, NetworkDriver, SandboxFactory } from "../core/networks/network-driver.ts";
import { Resolver } from "../drivers/dns/mod.ts";
import { Ipam } from "../drivers/ipam/mod.ts";
import { BridgeDriver } from "../drivers/network-bridge/mod.ts";
import { HostDriver } from "../drivers/network-host/mod.ts";
import { MacvlanDriver, UnsupportedDriver } from "../drivers/network-macvlan/mod.ts";
import { NoneDriver } from "../drivers/network-none/mod.ts";
import { InterfaceNames, NetworkSandboxes } from "../drivers/network-sandbox/mod.ts";
import type { Reactor } from "../os/linux/reactor/reactor.ts";
import type { NetworkServiceParts } from "../services/networks/mod.ts";
import { type DaemonSettings, DEFAULT_DATA_ROOT } from "./daemon-settings.ts";
import { defaultBridgeOf } from "./default-bridge.ts";

export interface NetworkDriverOptions {
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly settings: DaemonSettings;
  readonly reactor: Reactor;
  readonly logger: Logger;
}

export interface NetworkDrivers extends AsyncDisposable {
  readonly drivers: readonly NetworkDriver[];
  readonly sandboxes: SandboxFactory;
  readonly names: NameResolver;
  readonly defaultBridge: NetworkServiceParts["defaultBridge"];
}

/** The drivers of an engine's networks. Errors: invalidArgument for settings that make no sense. */
export function createNetworkDrivers(options: NetworkDriverOptions): NetworkDrivers {
  const { engineId, dataRoot, runRoot, settings, reactor, logger } = options;
  checkPublishAddress(settings.ip);
  const ipam = new Ipam({ engineId, pools: settings["default-address-pool"].map(addressPool) });
  const interfaces = new InterfaceNames();
  const bridge = new BridgeDriver({
    engineId,
    claimDocker0: dataRoot === DEFAULT_DATA_ROOT,
    ipam,
    interfaces,
    forwarding: settings["ip-forward"],
    packetFilter: settings.iptables,
    ...(settings.bridge === "" ? {} : { foreignBridge: settings.bridge }),
    reactor,
    logger,
  });
  const drivers = [
    bridge,
    new HostDriver(),
    new NoneDriver(),
    new MacvlanDriver({ engineId, ipam, interfaces, logger }),
    new UnsupportedDriver("ipvlan"),
  ];
  const names = new Resolver({ reactor });
  return {
    drivers,
    sandboxes: new NetworkSandboxes({ runRoot: runRoot }),
    names,
    defaultBridge: defaultBridgeOf(settings),
    async [Symbol.asyncDispose]() {
      await names.close();
      for (const driver of drivers) await driver.close();
    },
  };
}

function addressPool(text: string): { readonly base: string; readonly size: number } {
  const fields = new Map(text.split(",").map((field) => field.split("=", 2) as [string, string]));
  return { base: fields.get("base") ?? "", size: Number(fields.get("size")) };
}

function checkPublishAddress(ip: string): void {
  if (!isIPv4(ip) && !isIPv6(ip)) throw invalidArgument(`ParseIP: invalid IP address: ${ip}`);
}

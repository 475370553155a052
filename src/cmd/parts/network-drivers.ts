import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument, notImplemented } from "../../base/errors.ts";
import type { NameResolver, NetworkDrivers, SandboxFactory } from "../../core/networks/network-driver.ts";
import { Resolver } from "../../drivers/dns/mod.ts";
import { Ipam } from "../../drivers/ipam/mod.ts";
import { IpamDrivers } from "../../drivers/ipam-plugin/mod.ts";
import { BridgeDriver } from "../../drivers/network-bridge/mod.ts";
import { HostDriver } from "../../drivers/network-host/mod.ts";
import { NoneDriver } from "../../drivers/network-none/mod.ts";
import { ipvlan, macvlan, ParentLinkDriver } from "../../drivers/network-parent-link/mod.ts";
import { InterfaceNames, NetworkSandboxes } from "../../drivers/network-sandbox/mod.ts";
import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import type { NetworkServiceParts } from "../../services/networks/mod.ts";
import { PluginNetworkDrivers } from "../../services/plugins/mod.ts";
import { type DaemonSettings, DEFAULT_DATA_ROOT } from "../daemon-settings.ts";
import { addressPoolOf } from "../setting-values.ts";
import { defaultBridgeOf } from "./default-bridge.ts";
import type { Foundation } from "./foundation.ts";

export type NetworkDriverNeeds = Pick<
  Foundation,
  "engineId" | "dataRoot" | "runRoot" | "settings" | "reactor" | "logger"
> & { readonly plugins: Plugins };

/** What an engine's networks are made with. */
export interface NetworkParts extends AsyncDisposable {
  readonly drivers: NetworkDrivers;
  readonly sandboxes: SandboxFactory;
  readonly names: NameResolver;
  readonly defaultBridge: NetworkServiceParts["defaultBridge"];
  readonly defaultOptions: NetworkServiceParts["defaultOptions"];
}

/** The drivers of an engine's networks. Errors: invalidArgument for settings that make no sense. */
export function createNetworkDrivers(needs: NetworkDriverNeeds): NetworkParts {
  const { engineId, dataRoot, runRoot, settings, reactor, plugins, logger } = needs;
  checkPublishAddress(settings.ip);
  checkMeans(settings);
  if (settings["respect-host-firewall"] && !settings.iptables) {
    throw invalidArgument("--respect-host-firewall needs packet filter rules: --iptables=false makes none");
  }
  const ownIpam = new Ipam({ engineId, pools: settings["default-address-pool"].map(addressPoolOf) });
  const ipam = new IpamDrivers(ownIpam, plugins, logger);
  const interfaces = new InterfaceNames();
  const bridge = new BridgeDriver({
    engineId,
    claimDocker0: dataRoot === DEFAULT_DATA_ROOT,
    ipam,
    interfaces,
    forwarding: settings["ip-forward"],
    packetFilter: settings.iptables,
    packetFilterIpv6: settings.ip6tables,
    respectInputRules: settings["respect-host-firewall"],
    allowDirectRouting: settings["allow-direct-routing"],
    portProxies: settings["userland-proxy"],
    ...(settings.bridge === "" ? {} : { foreignBridge: settings.bridge }),
    reactor,
    logger,
  });
  const builtin = [
    bridge,
    new HostDriver(),
    new NoneDriver(),
    new ParentLinkDriver({ kind: macvlan, engineId, ipam, interfaces, logger }),
    new ParentLinkDriver({ kind: ipvlan, engineId, ipam, interfaces, logger }),
  ];
  const names = new Resolver({ reactor });
  return {
    drivers: new PluginNetworkDrivers({ builtin, plugins, ipam, interfaces, logger }),
    sandboxes: new NetworkSandboxes({ runRoot }),
    names,
    defaultBridge: defaultBridgeOf(settings, logger),
    defaultOptions: defaultOptionsOf(settings["default-network-opt"]),
    async [Symbol.asyncDispose]() {
      await names.close();
      for (const driver of builtin) await driver.close();
    },
  };
}

/** `DRIVER=OPTION=VALUE`, by driver. */
function defaultOptionsOf(texts: readonly string[]): Record<string, Record<string, string>> {
  const options: Record<string, Record<string, string>> = {};
  for (const text of texts) {
    const [driver = "", name = "", ...value] = text.split("=");
    options[driver] = { ...options[driver], [name]: value.join("=") };
  }
  return options;
}

/** Ways of docker's that this engine does not go. Errors: notImplemented, invalidArgument. */
function checkMeans(settings: DaemonSettings): void {
  if (settings["userland-proxy-path"] !== "") {
    throw notImplemented("--userland-proxy-path is not supported: the userland proxy is part of the engine");
  }
  if (!settings["ip-forward-no-drop"]) {
    throw notImplemented(
      "--ip-forward-no-drop=false is not supported: the policy for packets that are not containers' is the host's",
    );
  }
  const backend = settings["firewall-backend"];
  if (backend === "iptables") {
    throw notImplemented("--firewall-backend=iptables is not supported: all rules are in nftables");
  }
  if (backend !== "nftables" && backend !== "") {
    throw invalidArgument(`invalid firewall-backend ${JSON.stringify(backend)}`);
  }
}

function checkPublishAddress(ip: string): void {
  if (!isIPv4(ip) && !isIPv6(ip)) throw invalidArgument(`ParseIP: invalid IP address: ${ip}`);
}

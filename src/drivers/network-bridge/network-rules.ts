import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import type { AllowedFlow, FamilyRules, FirewalledBridge, PublishedPort } from "../firewall-nftables/mod.ts";
import { type BridgeSettings, type GatewayMode, readBridgeSettings } from "./bridge-settings.ts";

/** What the firewall is to do for bridge networks and their endpoints. */
export class NetworkRules {
  readonly #allowDirectRouting: boolean;

  /** `allowDirectRouting`: published ports are open at the containers' own addresses on every network. */
  constructor(allowDirectRouting: boolean) {
    this.#allowDirectRouting = allowDirectRouting;
  }

  bridge(network: NetworkRecord): FirewalledBridge {
    const settings = readBridgeSettings(network);
    return {
      bridge: settings.bridge,
      subnets: network.pools.map(({ subnet }) => subnet),
      internal: network.internal,
      interContainer: settings.interContainer,
      ipv4: this.#family(settings, settings.gatewayModeIpv4, settings.sourceIpv4),
      ipv6: this.#family(settings, settings.gatewayModeIpv6, settings.sourceIpv6),
      trusted: settings.trustedInterfaces,
    };
  }

  ports(network: NetworkRecord, endpoint: EndpointRecord): PublishedPort[] {
    if (endpoint.ports.length === 0) return [];
    const { ipv4, ipv6, trusted } = this.bridge(network);
    return endpoint.ports.map(({ protocol, hostIp, hostPort, containerPort }) => {
      const isIpv6 = hostIp.includes(":");
      return {
        protocol,
        hostIp,
        hostPort,
        containerIp: isIpv6 ? endpoint.ipv6Address : endpoint.ipv4Address,
        containerPort,
        direct: trusted.length > 0 || (isIpv6 ? ipv6 : ipv4).direct === "published",
      };
    });
  }

  /** What the endpoint's container may ask of others although its network keeps containers apart. */
  flows({ ipv4Address, reaches = [] }: EndpointRecord): AllowedFlow[] {
    if (ipv4Address === "") return [];
    return reaches.map(({ address, protocol, port }) => ({
      source: ipv4Address,
      destination: address,
      protocol,
      port,
    }));
  }

  #family(settings: BridgeSettings, mode: GatewayMode, source: string | undefined): FamilyRules {
    const published = mode === "routed" || (mode === "nat" && this.#allowDirectRouting);
    return {
      masquerade: settings.masquerade && mode !== "routed",
      source,
      direct: mode === "nat-unprotected" ? "everything" : published ? "published" : "nothing",
    };
  }
}

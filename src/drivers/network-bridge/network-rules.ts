import type { EndpointRecord, NetworkRecord, PortBinding } from "../../core/networks/network-record.ts";
import type { AllowedFlow, FamilyRules, FirewalledBridge, PublishedPort } from "../firewall-nftables/mod.ts";
import { type BridgeSettings, type GatewayMode, readBridgeSettings } from "./bridge-settings.ts";
import { isLedByKernel, type PortPlace, placeOf } from "./port-place.ts";

/** What the firewall is to do for bridge networks and their endpoints. */
export class NetworkRules {
  readonly #allowDirectRouting: boolean;
  readonly #proxies: boolean;

  /**
   * `allowDirectRouting`: published ports are open at the containers' own addresses on every network. `proxies`: what the
   * kernel cannot lead to containers is served.
   */
  constructor(allowDirectRouting: boolean, proxies: boolean) {
    this.#allowDirectRouting = allowDirectRouting;
    this.#proxies = proxies;
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

  placeOf(endpoint: EndpointRecord, binding: PortBinding): PortPlace {
    return placeOf(endpoint, binding, this.#proxies);
  }

  ports(network: NetworkRecord, endpoint: EndpointRecord): PublishedPort[] {
    if (endpoint.ports.length === 0) return [];
    const { ipv4, ipv6, trusted } = this.bridge(network);
    return endpoint.ports.flatMap((binding) => {
      const { protocol, hostIp, hostPort, containerPort } = binding;
      const place = this.placeOf(endpoint, binding);
      if (!isLedByKernel(place)) return [];
      const family = hostIp.includes(":") ? ipv6 : ipv4;
      return {
        protocol,
        hostIp,
        hostPort,
        containerIp: place.containerIp,
        containerPort,
        direct: trusted.length > 0 || family.direct === "published",
        proxied: place.proxied,
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

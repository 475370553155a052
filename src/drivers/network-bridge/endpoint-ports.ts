import { invalidArgument, notImplemented } from "../../base/errors.ts";
import type { EndpointRecord, PortBinding } from "../../core/networks/network-record.ts";
import { bytesToIp, ipToBytes } from "../../os/linux/netlink/mod.ts";
import type { BridgeSettings } from "./bridge-settings.ts";
import { cannotPublish } from "./errors.ts";
import type { HostPorts, WantedPort } from "./host-ports.ts";

/** Addresses of a container; empty text for a family that it has none of. */
interface Addresses {
  readonly ipv4Address: string;
  readonly ipv6Address: string;
}

/** Where ports without an address of their own are published, and what there is to publish on. */
interface Host {
  /** `0.0.0.0` means every address of both families. */
  readonly binding: string;
  /** Whether the host has IPv6 at all. */
  readonly hasIpv6: boolean;
}

/** The container's addresses of the families that are reached at their own addresses alone, or of the others. */
function addressesWhere(endpoint: EndpointRecord, settings: BridgeSettings, routed: boolean): Addresses {
  return {
    ipv4Address: (settings.gatewayModeIpv4 === "routed") === routed ? endpoint.ipv4Address : "",
    ipv6Address: (settings.gatewayModeIpv6 === "routed") === routed ? endpoint.ipv6Address : "",
  };
}

function placesOf({ hostIp }: PortBinding, addresses: Addresses, host: Host): WantedPort["places"] {
  // An address that the configuration names instead is meant alone, of whichever family it is.
  const everywhere = host.binding === "0.0.0.0" && host.hasIpv6 ? ["0.0.0.0", "::"] : [host.binding];
  const hostIps = hostIp === "" ? everywhere : [hostIp];
  return hostIps
    .map((address) => ({
      hostIp: address,
      containerIp: address.includes(":") ? addresses.ipv6Address : addresses.ipv4Address,
    }))
    .filter(({ containerIp }) => containerIp !== "");
}

function checkHostIp({ hostIp }: PortBinding): void {
  if (!hostIp.includes(":") || bytesToIp(ipToBytes(hostIp)) !== "::1") return;
  throw notImplemented(
    "publishing ports on ::1 is not supported: Linux routes nothing from ::1 to containers",
    { hint: "Publish on 127.0.0.1." },
  );
}

/**
 * The port as the endpoint has it at its own address alone: no port of the host leads to it. An address of the host that
 * the request names only says which family is meant. Source: docker, gateway mode "routed".
 */
function routedBindings(binding: PortBinding, places: WantedPort["places"]): PortBinding[] {
  return places.map(({ hostIp }) => ({
    ...binding,
    hostIp: hostIp.includes(":") ? "::" : "0.0.0.0",
    hostPort: 0,
    hostPortEnd: 0,
  }));
}

/**
 * Takes what the endpoint's ports need of the host; one entry for each address family comes back.
 * Errors: conflict (taken), invalidArgument (no address of that family), introduced as docker does.
 */
export function takeEndpointPorts(
  hostPorts: HostPorts,
  endpoint: EndpointRecord,
  bindings: readonly PortBinding[],
  settings: BridgeSettings,
  hostHasIpv6: boolean,
): PortBinding[] {
  const host = { binding: settings.hostBinding, hasIpv6: hostHasIpv6 };
  const take = (binding: PortBinding): PortBinding[] => {
    checkHostIp(binding);
    const places = placesOf(binding, addressesWhere(endpoint, settings, false), host);
    const routed = placesOf(binding, addressesWhere(endpoint, settings, true), host);
    if (places.length + routed.length === 0) {
      throw invalidArgument(
        `cannot publish port ${binding.containerPort}/${binding.protocol} on host address ${binding.hostIp}: the container has no address of that family`,
      );
    }
    const taken =
      places.length === 0
        ? []
        : hostPorts.take(endpoint.id, {
            protocol: binding.protocol,
            containerPort: binding.containerPort,
            places,
            firstPort: binding.hostPort,
            lastPort: binding.hostPortEnd,
          });
    return [...taken, ...routedBindings(binding, routed)];
  };
  try {
    return bindings.flatMap(take);
  } catch (error) {
    throw cannotPublish(endpoint, error);
  }
}

import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { invalidArgument, notImplemented } from "../../base/errors.ts";
import type { EndpointRecord, PortBinding } from "../../core/networks/network-record.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { BridgeSettings } from "./bridge-settings.ts";
import { cannotPublish } from "./errors.ts";
import type { HostPorts } from "./host-ports.ts";
import { crossesFamilies, isLoopbackIpv6, isProxiable, type PortPlace, placeOf } from "./port-place.ts";

/** Whether any link of the host has an address of IPv6, its loopback as well. Source: docker, IsV6Listenable. */
export function hostHasIpv6(namespace: string | undefined): boolean {
  const look = () => {
    try {
      return readFileSync("/proc/thread-self/net/if_inet6").length > 0;
    } catch (error) {
      // A kernel without IPv6 has no such file.
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  };
  return namespace === undefined ? look() : withNetworkNamespace(namespace, look);
}

/** What the host offers to published ports. */
export interface PublishingHost {
  /** Whether the host has IPv6 at all. */
  readonly hasIpv6: boolean;
  /** Whether proxies serve what the kernel cannot lead to containers. */
  readonly proxies: boolean;
}

/** The places on the host where a port is wanted, each with what is known of the container there. */
function placesOf(
  binding: PortBinding,
  endpoint: EndpointRecord,
  settings: BridgeSettings,
  host: PublishingHost,
): { readonly published: PortPlace[]; readonly routed: PortPlace[] } {
  const { hostBinding, gatewayModeIpv4, gatewayModeIpv6 } = settings;
  // An address that the configuration names instead is meant alone, of whichever family it is.
  const everywhere = hostBinding === "0.0.0.0" && host.hasIpv6 ? ["0.0.0.0", "::"] : [hostBinding];
  const hostIps = (binding.hostIp === "" ? everywhere : [binding.hostIp]).filter(
    (address) => binding.family === undefined || isIPv6(address) === (binding.family === "ipv6"),
  );
  const crossing =
    host.proxies &&
    isProxiable(binding.protocol) &&
    gatewayModeIpv4 !== "routed" &&
    gatewayModeIpv6 !== "routed";
  const places = hostIps
    .map((hostIp) => placeOf(endpoint, { ...binding, hostIp }, host.proxies))
    .filter((place) => place.containerIp !== "" && (crossing || !crossesFamilies(place)));
  const isRouted = ({ hostIp }: PortPlace) =>
    (hostIp.includes(":") ? gatewayModeIpv6 : gatewayModeIpv4) === "routed";
  return { published: places.filter((place) => !isRouted(place)), routed: places.filter(isRouted) };
}

function checkHostIp({ hostIp, protocol }: PortBinding, { proxies }: PublishingHost): void {
  if (!isLoopbackIpv6(hostIp) || (proxies && isProxiable(protocol))) return;
  throw notImplemented(
    "publishing ports on ::1 is not supported without a userland proxy of the protocol: Linux routes nothing from ::1 to containers",
    { hint: "Publish on 127.0.0.1." },
  );
}

/**
 * The port as the endpoint has it at its own address alone: no port of the host leads to it. An address of the host that
 * the request names only says which family is meant. Source: docker, gateway mode "routed".
 */
function routedBindings(
  { protocol, containerPort }: PortBinding,
  places: readonly PortPlace[],
): PortBinding[] {
  return places.map(({ hostIp }) => ({
    protocol,
    containerPort,
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
  host: PublishingHost,
): PortBinding[] {
  const take = (binding: PortBinding): PortBinding[] => {
    checkHostIp(binding, host);
    const { published, routed } = placesOf(binding, endpoint, settings, host);
    // What there is of the other family is published on another network.
    if (published.length + routed.length === 0 && binding.family === undefined) {
      throw invalidArgument(
        `cannot publish port ${binding.containerPort}/${binding.protocol} on host address ${binding.hostIp}: the container has no address of that family`,
      );
    }
    const taken =
      published.length === 0
        ? []
        : hostPorts.take(endpoint.id, {
            protocol: binding.protocol,
            containerPort: binding.containerPort,
            places: published,
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

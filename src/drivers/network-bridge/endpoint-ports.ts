import { invalidArgument, notImplemented } from "../../base/errors.ts";
import type { EndpointRecord, PortBinding } from "../../core/networks/network-record.ts";
import { bytesToIp, ipToBytes } from "../../os/linux/netlink/mod.ts";
import type { PublishedPort } from "../firewall-nftables/mod.ts";
import type { WantedPort } from "./host-ports.ts";

/** Addresses of an endpoint; empty text for a family that it has none of. */
export interface ContainerAddresses {
  readonly ipv4Address: string;
  readonly ipv6Address: string;
}

export interface HostAddresses {
  /** Where ports without an address of their own are published. */
  readonly defaultIpv4: string;
  /** Whether the host has IPv6 at all. */
  readonly ipv6: boolean;
}

function placesOf(
  { hostIp }: PortBinding,
  container: ContainerAddresses,
  host: HostAddresses,
): WantedPort["places"] {
  const hostIps = hostIp === "" ? [host.defaultIpv4, ...(host.ipv6 ? ["::"] : [])] : [hostIp];
  return hostIps
    .map((address) => ({
      hostIp: address,
      containerIp: address.includes(":") ? container.ipv6Address : container.ipv4Address,
    }))
    .filter(({ containerIp }) => containerIp !== "");
}

function isIpv6Loopback(address: string): boolean {
  return address.includes(":") && bytesToIp(ipToBytes(address)) === "::1";
}

/** What has to be taken of the host for a port that a container publishes. Errors: invalidArgument. */
export function wantedPort(
  binding: PortBinding,
  container: ContainerAddresses,
  host: HostAddresses,
): WantedPort {
  if (isIpv6Loopback(binding.hostIp)) {
    throw notImplemented(
      "publishing ports on ::1 is not supported: Linux routes nothing from ::1 to containers",
      {
        hint: "Publish on 127.0.0.1.",
      },
    );
  }
  const places = placesOf(binding, container, host);
  if (places.length === 0) {
    throw invalidArgument(
      `cannot publish port ${binding.containerPort}/${binding.protocol} on host address ${binding.hostIp}: the container has no address of that family`,
    );
  }
  return {
    protocol: binding.protocol,
    containerPort: binding.containerPort,
    places,
    firstPort: binding.hostPort,
    lastPort: binding.hostPortEnd,
  };
}

function containerIp(endpoint: EndpointRecord, { hostIp }: PortBinding): string {
  return hostIp.includes(":") ? endpoint.ipv6Address : endpoint.ipv4Address;
}

/** The ports of an endpoint as the firewall leads them. */
export function publishedPortsOf(endpoint: EndpointRecord): PublishedPort[] {
  return endpoint.ports.map((binding) => ({
    protocol: binding.protocol,
    hostIp: binding.hostIp,
    hostPort: binding.hostPort,
    containerIp: containerIp(endpoint, binding),
    containerPort: binding.containerPort,
  }));
}

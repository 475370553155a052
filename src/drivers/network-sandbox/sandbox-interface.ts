import { writeFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import type { JoinOptions } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import {
  AF_INET,
  AF_INET6,
  addAddress,
  deleteRoute,
  findLink,
  NetlinkSocket,
  type RouteSpec,
  replaceRoute,
  setLinkUp,
  sysctlPath,
  withNetlink,
} from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** The families whose default route goes over an interface. */
export type DefaultRoute = JoinOptions["defaultRoute"];

/**
 * The endpoint's interface is up with its addresses, the sandbox's default routes go over it for these families. Runs with this
 * thread in the sandbox. Errors: NetlinkError, SyscallError.
 */
export function configureInterface(
  endpoint: EndpointRecord,
  defaultRoute: DefaultRoute,
  wayOut?: NetworkRecord["wayOut"],
): void {
  using socket = NetlinkSocket.open();
  const linkIndex = findLink(socket, endpoint.interfaceName)!.index;
  const prefixes = addressesOf(endpoint);
  // A container without an IPv6 network has no IPv6 on that interface either, not even the address that the kernel
  // makes up itself. With one, that address is usable at once.
  if (!prefixes.some((prefix) => prefix.includes(":"))) writeIpv6Setting(endpoint, "disable_ipv6", "1");
  else writeIpv6Setting(endpoint, "accept_dad", "0");
  writeEndpointSysctls(endpoint);
  socket.execute(
    ...prefixes.map((prefix) => addAddress({ linkIndex, prefix, noDad: true })),
    setLinkUp(linkIndex),
    ...defaultRoutesOf(endpoint, linkIndex, wayOut)
      .filter(({ family }) => defaultRoute[family])
      .map(({ route }) => replaceRoute(route)),
  );
}

/** Link-local addresses have the prefix of their whole range. Source: RFC 3927, RFC 4291 (2.5.6). */
function addressesOf(endpoint: EndpointRecord): string[] {
  const { ipv4Address, ipv4PrefixLength, ipv6Address, ipv6PrefixLength } = endpoint;
  return [
    ...(ipv4Address === "" ? [] : [`${ipv4Address}/${ipv4PrefixLength}`]),
    ...(ipv6Address === "" ? [] : [`${ipv6Address}/${ipv6PrefixLength}`]),
    ...(endpoint.linkLocalAddresses ?? []).map((each) => `${each}/${isIPv6(each) ? 64 : 16}`),
  ];
}

const SYSCTLS_OPTION = "com.docker.network.endpoint.sysctls";

/** `net.ipv4.conf.IFNAME.log_martians=1,…`, checked by whoever took the request. */
function writeEndpointSysctls({ driverOptions, interfaceName }: EndpointRecord): void {
  for (const assignment of (driverOptions[SYSCTLS_OPTION] ?? "").split(",").filter(Boolean)) {
    const equals = assignment.indexOf("=");
    // The interface's own name may have dots, which sysctl names separate by.
    const path = assignment.slice(0, equals).split(".");
    const key = path.map((part) => (/^ifname$/i.test(part) ? interfaceName : part)).join("/");
    writeFileSync(sysctlPath(key), assignment.slice(equals + 1));
  }
}

/** A default route of one family that the endpoint's link can be given. */
interface FamilyRoute {
  readonly family: "ipv4" | "ipv6";
  readonly route: RouteSpec;
}

function defaultRoutesOf(
  { ipv4Address, ipv4Gateway, ipv6Address, ipv6Gateway }: EndpointRecord,
  linkIndex: number,
  wayOut: NetworkRecord["wayOut"],
): FamilyRoute[] {
  const onto = { destination: "default", linkIndex };
  const families = [
    { family: "ipv4", address: ipv4Address, gateway: ipv4Gateway, number: AF_INET },
    { family: "ipv6", address: ipv6Address, gateway: ipv6Gateway, number: AF_INET6 },
  ] as const;
  return families.flatMap(({ family, address, gateway, number }): FamilyRoute[] => {
    if (gateway !== "") return [{ family, route: { ...onto, gateway } }];
    return wayOut === "link" && address !== "" ? [{ family, route: { ...onto, family: number } }] : [];
  });
}

/**
 * The sandbox's default routes go over the endpoint's link for these families, and for no other one. A link that somebody
 * deleted has none. Idempotent. Errors: NetlinkError, SyscallError.
 */
export function setDefaultRoutes(
  endpoint: EndpointRecord,
  sandboxPath: string,
  defaultRoute: DefaultRoute,
  wayOut?: NetworkRecord["wayOut"],
): void {
  withNetlink(sandboxPath, (socket) => {
    const linkIndex = findLink(socket, endpoint.interfaceName)?.index;
    if (linkIndex === undefined) return;
    for (const { family, route } of defaultRoutesOf(endpoint, linkIndex, wayOut)) {
      if (defaultRoute[family]) socket.execute(replaceRoute(route));
      else socket.executeIgnoring(["ESRCH"], [deleteRoute(route)]);
    }
  });
}

function writeIpv6Setting({ interfaceName }: EndpointRecord, key: string, value: string): void {
  try {
    writeFileSync(sysctlPath(`net/ipv6/conf/${interfaceName}/${key}`), value);
  } catch (error) {
    // A kernel without IPv6 has nothing to set.
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

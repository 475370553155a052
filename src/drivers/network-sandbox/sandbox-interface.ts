import { writeFileSync } from "node:fs";
import type { JoinOptions } from "../../core/networks/network-driver.ts";
import type { EndpointRecord } from "../../core/networks/network-record.ts";
import {
  addAddress,
  deleteRoute,
  findLink,
  NetlinkSocket,
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
export function configureInterface(endpoint: EndpointRecord, defaultRoute: DefaultRoute): void {
  using socket = NetlinkSocket.open();
  const linkIndex = findLink(socket, endpoint.interfaceName)!.index;
  const families = [
    `${endpoint.ipv4Address}/${endpoint.ipv4PrefixLength}`,
    `${endpoint.ipv6Address}/${endpoint.ipv6PrefixLength}`,
  ].filter((prefix) => !prefix.startsWith("/"));
  // A container without an IPv6 network has no IPv6 on that interface either, not even the address that the kernel
  // makes up itself. With one, that address is usable at once.
  if (endpoint.ipv6Address === "") writeIpv6Setting(endpoint, "disable_ipv6", "1");
  else writeIpv6Setting(endpoint, "accept_dad", "0");
  writeEndpointSysctls(endpoint);
  socket.execute(
    ...families.map((prefix) => addAddress({ linkIndex, prefix, noDad: true })),
    setLinkUp(linkIndex),
    ...gatewaysOf(endpoint)
      .filter(({ family }) => defaultRoute[family])
      .map(({ gateway }) => replaceRoute({ destination: "default", gateway, linkIndex })),
  );
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

function gatewaysOf(endpoint: EndpointRecord): Array<{ family: "ipv4" | "ipv6"; gateway: string }> {
  return [
    { family: "ipv4" as const, gateway: endpoint.ipv4Gateway },
    { family: "ipv6" as const, gateway: endpoint.ipv6Gateway },
  ].filter(({ gateway }) => gateway !== "");
}

/**
 * The sandbox's default routes go over the endpoint's link for these families, and for no other one. A link that somebody
 * deleted has none. Idempotent. Errors: NetlinkError, SyscallError.
 */
export function setDefaultRoutes(
  endpoint: EndpointRecord,
  sandboxPath: string,
  defaultRoute: DefaultRoute,
): void {
  withNetlink(sandboxPath, (socket) => {
    const linkIndex = findLink(socket, endpoint.interfaceName)?.index;
    if (linkIndex === undefined) return;
    for (const { family, gateway } of gatewaysOf(endpoint)) {
      const route = { destination: "default", gateway, linkIndex };
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

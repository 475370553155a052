import type { ContainerRecord } from "../../../core/containers/container-record.ts";

/** Whether the container turned IPv6 off for itself: names and addresses of that family would lead nowhere. */
export function isWithoutIpv6({ hostConfig }: ContainerRecord): boolean {
  return hostConfig.Sysctls?.["net.ipv6.conf.all.disable_ipv6"] === "1";
}

import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { NetworkedContainer } from "../../networks/mod.ts";
import { publishedPorts } from "../create/published-ports.ts";
import type { ContainerParts } from "../parts.ts";
import { dnsRequestOf } from "../run/write-files.ts";
import { isWithoutIpv6 } from "./without-ipv6.ts";

/** The container as the networks see it. */
export function networkedContainer(record: ContainerRecord): NetworkedContainer {
  return {
    containerId: record.id,
    containerName: record.name,
    hostname: record.config.Hostname ?? "",
    ports: publishedPorts(record.config, record.hostConfig),
    exposedPorts: Object.keys(record.config.ExposedPorts ?? {}),
    withoutIpv6: isWithoutIpv6(record),
  };
}

/** The engine's resolver answers in the container, where it is in a network that has names, and nowhere else. Idempotent. */
export async function serveContainerNames(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  if (!parts.networks.hasResolver(record.id)) {
    await parts.networks.stopNames(record.id);
    return;
  }
  const { dns, dnsOptions } = dnsRequestOf(parts, record);
  await parts.networks.serveNames(record.id, {
    servers: dns.length > 0 ? dns : undefined,
    keepsSingleNames: dnsOptions.some((option) => /^ndots:[1-9]/.test(option)),
  });
}

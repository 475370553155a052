import { readFile, writeFile } from "node:fs/promises";
import { messageOf } from "../../../base/errors.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { EndpointRecord } from "../../../core/networks/network-record.ts";
import { extraHostsEntries, type HostsEntry, hostsFileText } from "../files/hosts-file.ts";
import {
  containerResolvConf,
  type DnsRequest,
  internalResolvConf,
  internalResolvConfText,
  parseResolvConf,
  resolvConfText,
} from "../files/resolv-conf.ts";
import { linkHostsEntries } from "../links/legacy-links.ts";
import { isWithoutIpv6 } from "../networks/without-ipv6.ts";
import type { ContainerParts } from "../parts.ts";
import { networkOwnerOf } from "./joined-containers.ts";

/** The files the engine mounts over the image's; undefined where the container sees none of the kind. */
export interface ContainerFiles {
  readonly hostsFile: string | undefined;
  readonly hostnameFile: string | undefined;
  readonly resolvConfFile: string | undefined;
}

const HOST_RESOLV_CONF = "/etc/resolv.conf";
const HOST_HOSTS = "/etc/hosts";

/** `hosts`, `hostname` and `resolv.conf` of the container are as its endpoints and settings want them now. */
export async function writeContainerFiles(
  parts: ContainerParts,
  record: ContainerRecord,
): Promise<ContainerFiles> {
  const mode = record.hostConfig.NetworkMode ?? "bridge";
  if (mode.startsWith("container:")) return filesOf(parts, networkOwnerOf(parts, record).id);
  const files = filesOf(parts, record.id);
  const endpoints = parts.networks.endpointsOf(record.id);
  await Promise.all([
    hostsText(parts, record, mode, endpoints).then((text) => writeFile(files.hostsFile, text)),
    resolvText(parts, record, mode).then((text) => writeFile(files.resolvConfFile, text)),
    writeFile(files.hostnameFile, `${record.config.Hostname}\n`),
  ]);
  return files;
}

/** Where the files of that container's own are, whether they are there or not. */
export function filesOf(parts: ContainerParts, id: string) {
  return {
    hostsFile: parts.paths.hostsFile(id),
    hostnameFile: parts.paths.hostnameFile(id),
    resolvConfFile: parts.paths.resolvConfFile(id),
  };
}

async function hostsText(
  parts: ContainerParts,
  record: ContainerRecord,
  mode: string,
  endpoints: readonly EndpointRecord[],
): Promise<string> {
  const extra = extraHostsEntries(record.hostConfig.ExtraHosts ?? [], parts.networks.hostGateways());
  if (mode === "host") {
    const own = await readHostFile(parts, HOST_HOSTS);
    return own + extra.map(({ address, names }) => `${address}\t${names.join(" ")}\n`).join("");
  }
  const linked = linkHostsEntries(parts, record);
  const entries = [...extra, ...linked, ...ownHostsEntries(record, endpoints)];
  return hostsFileText(entries, isWithoutIpv6(record));
}

/** The names that a container has for itself, by the addresses of these endpoints. */
export function ownHostsEntries(
  record: ContainerRecord,
  endpoints: ReadonlyArray<Pick<EndpointRecord, "ipv4Address" | "ipv6Address">>,
): HostsEntry[] {
  const hostname = record.config.Hostname ?? "";
  const domain = record.config.Domainname ?? "";
  const full = domain === "" ? hostname : `${hostname}.${domain}`;
  // Whichever of the two fields the domain came in. Source: docker, "Update /etc/hosts".
  const names = full.includes(".") ? [full, full.slice(0, full.indexOf("."))] : [full];
  return endpoints.flatMap(({ ipv4Address, ipv6Address }) =>
    [ipv4Address, ipv6Address].filter((address) => address !== "").map((address) => ({ address, names })),
  );
}

async function resolvText(parts: ContainerParts, record: ContainerRecord, mode: string): Promise<string> {
  return await resolvConfOf(parts, record, mode === "host", parts.networks.hasResolver(record.id));
}

/** Text of the container's resolv.conf; `internal`: its names come from the engine's resolver. */
export async function resolvConfOf(
  parts: ContainerParts,
  record: ContainerRecord,
  sharesHostNetwork: boolean,
  internal: boolean,
): Promise<string> {
  const request = dnsRequestOf(parts, record);
  const host = parseResolvConf(await readHostFile(parts, HOST_RESOLV_CONF));
  return internal
    ? internalResolvConfText(internalResolvConf(host, request))
    : resolvConfText(containerResolvConf(host, request, sharesHostNetwork));
}

/** What the container's settings say about name resolution; what they leave out is the engine's own. */
export function dnsRequestOf(
  { defaults }: Pick<ContainerParts, "defaults">,
  { hostConfig }: ContainerRecord,
): DnsRequest {
  const first = (own: readonly string[] | null | undefined, engine: readonly string[]) =>
    own && own.length > 0 ? own : engine;
  return {
    dns: first(hostConfig.Dns, defaults.dns.dns),
    dnsSearch: first(hostConfig.DnsSearch, defaults.dns.dnsSearch),
    dnsOptions: first(hostConfig.DnsOptions, defaults.dns.dnsOptions),
  };
}

/** A host file that cannot be read counts as empty: a host without it runs containers too. */
async function readHostFile(parts: ContainerParts, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    parts.logger.warn({ path, reason: messageOf(error) }, "host file not readable");
    return "";
  }
}

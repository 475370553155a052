import { type EngineError, internal, invalidArgument, isKind } from "../../../base/errors.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { EndpointRecord, ReachedPort } from "../../../core/networks/network-record.ts";
import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import { parsePortKey } from "../create/published-ports.ts";
import type { HostsEntry } from "../files/hosts-file.ts";
import { findContainer } from "../find.ts";
import { type ContainerParts, isRunning } from "../parts.ts";
import { networkOwnerOf } from "../run/joined-containers.ts";
import { parseLink } from "./parse-link.ts";

interface LinkTarget {
  readonly alias: string;
  readonly target: ContainerRecord;
}

/** A link that leads to a running container. */
interface LiveLink {
  readonly alias: string;
  readonly record: ContainerRecord;
  readonly endpoint: EndpointRecord;
}

// Set for every container by the image or the engine: the other one's would say nothing.
const UNSHARED_VARIABLES = new Set(["HOME", "PATH"]);

/**
 * The configuration with its links to containers of the default bridge by their ids: they follow a rename, and lead to
 * nobody who gets the name later. Errors: invalidArgument for links that a container of that kind cannot have, or to a
 * container that cannot be linked to.
 */
export function settleLinks(parts: ContainerParts, hostConfig: HostConfig): HostConfig {
  const links = (hostConfig.Links ?? []).map(parseLink);
  if (links.length === 0) return hostConfig;
  const mode = hostConfig.NetworkMode ?? "bridge";
  if (mode === "host") throw cannotLink("host type networking");
  if (mode.startsWith("container:")) throw cannotLink("container type network");
  // Where names are resolved when they are asked for, the other container may come later.
  if (mode !== "bridge" && mode !== "none") return hostConfig;
  for (const { target } of links) {
    if (networkOwner(parts, target).hostConfig.NetworkMode === "host")
      throw cannotLink("host type networking");
  }
  const byId = links.map(({ target, alias }) => `${findContainer(parts.store, target).id}:${alias}`);
  return { ...hostConfig, Links: byId };
}

function networkOwner(parts: ContainerParts, target: string): ContainerRecord {
  try {
    return networkOwnerOf(parts, findContainer(parts.store, target));
  } catch (error) {
    if (!isKind(error, "notFound")) throw error;
    // No 404: the client would take that for a missing image.
    throw invalidArgument(`could not get container for ${target}: ${error.message}`, { cause: error });
  }
}

/** Whether links are more than names to the container: on the default bridge. */
function isLegacy({ NetworkMode: mode }: HostConfig): boolean {
  return mode === "bridge";
}

function cannotLink(what: string): EngineError {
  return invalidArgument(
    `conflicting options: ${what} can't be used with links. This would result in undefined behavior`,
  );
}

/** Errors: internal where a container that links lead to does not run or is elsewhere: who has the links cannot start. */
export function checkLinkTargets(parts: ContainerParts, record: ContainerRecord): void {
  for (const { target, alias } of linkTargets(parts, record)) {
    if (!isRunning(target)) {
      throw internal(`Cannot link to a non running container: /${target.name} AS /${record.name}/${alias}`);
    }
    if (!("bridge" in networkOwnerOf(parts, target).requestedEndpoints)) {
      throw internal(`Cannot link to /${target.name}, as it does not belong to the default network`);
    }
  }
}

/** The links as inspect shows them. */
export function describeLinks(parts: ContainerParts, record: ContainerRecord): string[] | null {
  const links = linkTargets(parts, record);
  if (links.length === 0) return null;
  return links.map(({ target, alias }) => `/${target.name}:/${record.name}/${alias}`);
}

/** Whether the container has a link to that other one. */
export function isLinkedTo(record: ContainerRecord, target: ContainerRecord): boolean {
  if (!isLegacy(record.hostConfig)) return false;
  return (record.hostConfig.Links ?? [])
    .map(parseLink)
    .some(({ target: text }) => text === target.name || (text !== "" && target.id.startsWith(text)));
}

/** Whether the default bridge lets containers reach only what they have links to. */
export function needsLinksToReach(parts: ContainerParts): boolean {
  return parts.networks.find("bridge")?.options["com.docker.network.bridge.enable_icc"] === "false";
}

/** Ports of linked containers that the default bridge has to open for this one; none where it keeps nobody apart. */
export function linkedPorts(parts: ContainerParts, record: ContainerRecord): ReachedPort[] {
  if (!needsLinksToReach(parts)) return [];
  return liveLinks(parts, record).flatMap(({ record: other, endpoint }) =>
    Object.keys(other.config.ExposedPorts ?? {})
      .map(parsePortKey)
      .map(({ port, protocol }) => ({ address: endpoint.ipv4Address, protocol, port })),
  );
}

/** Names of linked containers for the hosts file. */
export function linkHostsEntries(parts: ContainerParts, record: ContainerRecord): HostsEntry[] {
  return liveLinks(parts, record).flatMap(({ alias, record: other, endpoint }) => {
    const names = [...new Set([alias, other.config.Hostname ?? "", other.name])].filter(
      (name) => name !== "",
    );
    return [endpoint.ipv4Address, endpoint.ipv6Address]
      .filter((address) => address !== "")
      .map((address) => ({ address, names }));
  });
}

/** The record with the variables that tell of its links before those of its own. */
export function withLinkEnvironment(parts: ContainerParts, record: ContainerRecord): ContainerRecord {
  const variables = liveLinks(parts, record).flatMap((link) => linkVariables(record, link));
  if (variables.length === 0) return record;
  return { ...record, config: { ...record.config, Env: [...variables, ...(record.config.Env ?? [])] } };
}

/** Links that lead somewhere: one to a container that was removed is forgotten. */
function linkTargets(parts: ContainerParts, record: ContainerRecord): LinkTarget[] {
  if (!isLegacy(record.hostConfig)) return [];
  return (record.hostConfig.Links ?? []).map(parseLink).flatMap(({ target, alias }) => {
    const { store } = parts;
    const found = store.get(target) ?? store.getByName(target) ?? store.findByIdPrefix(target)[0];
    return found ? [{ alias, target: found }] : [];
  });
}

function liveLinks(parts: ContainerParts, record: ContainerRecord): LiveLink[] {
  if ((record.hostConfig.Links ?? []).length === 0 || !isLegacy(record.hostConfig)) return [];
  const { id: bridge } = parts.networks.get("bridge");
  return linkTargets(parts, record).flatMap(({ target, alias }) => {
    if (!isRunning(target)) return [];
    const endpoints = parts.networks.endpointsOf(networkOwnerOf(parts, target).id);
    const endpoint = endpoints.find(({ networkId }) => networkId === bridge);
    return endpoint ? [{ alias, record: target, endpoint }] : [];
  });
}

function linkVariables(record: ContainerRecord, { alias, record: other, endpoint }: LiveLink): string[] {
  const prefix = alias.replaceAll("-", "_").toUpperCase();
  const ports = Object.keys(other.config.ExposedPorts ?? {})
    .map(parsePortKey)
    .sort((a, b) => b.protocol.localeCompare(a.protocol) || a.port - b.port);
  const place = (port: number, protocol: string) => `${protocol}://${endpoint.ipv4Address}:${port}`;
  const first = ports[0];
  const shared = (other.config.Env ?? []).filter((variable) => {
    const equals = variable.indexOf("=");
    return equals > 0 && !UNSHARED_VARIABLES.has(variable.slice(0, equals));
  });
  return [
    ...(first ? [`${prefix}_PORT=${place(first.port, first.protocol)}`] : []),
    ...ports.flatMap(({ port, protocol }) => {
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      return [
        `${name}=${place(port, protocol)}`,
        `${name}_ADDR=${endpoint.ipv4Address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ];
    }),
    `${prefix}_NAME=/${record.name}/${alias}`,
    ...shared.map((variable) => `${prefix}_ENV_${variable}`),
  ];
}

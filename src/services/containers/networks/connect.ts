import { conflict } from "../../../base/errors.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { NetworkRecord } from "../../../core/networks/network-record.ts";
import type { EndpointSettings } from "../../../spec/engine-api/mod.ts";
import {
  endpointExists,
  hostNetworkAtRunTime,
  leavesHostNetwork,
  noneAmongOthers,
  notConnected,
  sharedNamespace,
} from "../../networks/mod.ts";
import { type ContainerParts, changeRecord, currentRecord, isRunning } from "../parts.ts";
import { followEndpoints } from "./container-files.ts";
import { networkedContainer, serveContainerNames } from "./networked.ts";

/**
 * The container is in a further network: at once where it runs, with its next start otherwise. The record is stored first, so
 * that a start after a crash finishes what was begun.
 * Errors: notFound, invalidArgument, permissionDenied (is in it already), conflict, unavailable.
 */
export async function connectContainer(
  parts: ContainerParts,
  id: string,
  networkNameOrId: string,
  asked: EndpointSettings,
): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  const network = parts.networks.get(networkNameOrId);
  const settings = askedSettings(asked);
  parts.networks.checkRequest(network.id, settings);
  checkConnectable(parts, record, network);
  const running = isRunning(record);
  if (requestedKey(parts, record, network) !== undefined) {
    if (running) throw endpointExists(record.name, network.name);
    return;
  }
  const { requestedEndpoints } = record;
  const connected = changeRecord(parts, id, () => ({
    requestedEndpoints: { ...requestedEndpoints, [network.name]: settings },
  }));
  if (!running) return;
  try {
    await parts.networks.connect(network.id, networkedContainer(connected), settings);
    await followEndpoints(parts, connected);
    await serveContainerNames(parts, connected);
  } catch (error) {
    changeRecord(parts, id, () => ({ requestedEndpoints }));
    throw error;
  }
}

/**
 * The container is out of the network, now and with its next start. The record is stored first, so that a start after a
 * crash finishes what was begun. Errors: notFound, conflict, internal (not in it).
 */
export async function disconnectContainer(
  parts: ContainerParts,
  id: string,
  networkNameOrId: string,
): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  // One that does not run may still name a network that is gone.
  const found = parts.networks.find(networkNameOrId);
  const network = found ?? (isRunning(record) ? parts.networks.get(networkNameOrId) : undefined);
  if (network?.driver === "host" && record.hostConfig.NetworkMode === "host") throw leavesHostNetwork();
  const key = network ? requestedKey(parts, record, network) : networkNameOrId;
  if (key === undefined || !(key in record.requestedEndpoints)) {
    throw notConnected(id, network?.name ?? networkNameOrId);
  }
  const { requestedEndpoints } = record;
  const { [key]: _left, ...others } = requestedEndpoints;
  const disconnected = changeRecord(parts, id, () => ({ requestedEndpoints: others }));
  if (!isRunning(record) || !network) return;
  try {
    await parts.networks.disconnect(network.id, networkedContainer(disconnected));
    await followEndpoints(parts, disconnected);
    await serveContainerNames(parts, disconnected);
  } catch (error) {
    changeRecord(parts, id, () => ({ requestedEndpoints }));
    throw error;
  }
}

/** The name under which the container asks for that network. */
function requestedKey(
  parts: ContainerParts,
  record: ContainerRecord,
  network: NetworkRecord,
): string | undefined {
  return Object.keys(record.requestedEndpoints).find(
    (name) => name === network.name || parts.networks.find(name)?.id === network.id,
  );
}

function checkConnectable(parts: ContainerParts, record: ContainerRecord, network: NetworkRecord): void {
  const { status } = record.state;
  if (status === "removing" || status === "dead") {
    throw conflict(
      `container ${record.id} is marked for removal and cannot be connected or disconnected to the network`,
    );
  }
  const mode = record.hostConfig.NetworkMode ?? "";
  if (mode.startsWith("container:")) throw sharedNamespace();
  if (network.driver === "host" && mode !== "host") throw hostNetworkAtRunTime();
  const others = Object.keys(record.requestedEndpoints)
    .map((name) => parts.networks.find(name))
    .filter((other) => other !== undefined && other.id !== network.id);
  if (others.some((other) => other!.driver === "host")) throw sharedNamespace();
  if (others.length > 0 && [network, ...others].some((other) => other!.driver === "null")) {
    throw noneAmongOthers();
  }
}

/** What the caller may ask; clients that copy a container send what it had as well. */
function askedSettings(asked: EndpointSettings): EndpointSettings {
  const { IPAMConfig, Links, MacAddress, Aliases, DriverOpts, GwPriority } = asked;
  return {
    ...(IPAMConfig ? { IPAMConfig } : {}),
    ...(Links ? { Links } : {}),
    ...(MacAddress ? { MacAddress } : {}),
    ...(Aliases ? { Aliases } : {}),
    ...(DriverOpts ? { DriverOpts } : {}),
    ...(GwPriority ? { GwPriority } : {}),
  };
}

import { mkdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { conflict, invalidArgument, isKind, notImplemented } from "../../../base/errors.ts";
import { newId, shortId } from "../../../base/ids.ts";
import { formatRfc3339Nano, nowNs, ZERO_TIME } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type {
  ContainerConfig,
  ContainerCreateRequest,
  EndpointSettings,
  HostConfig,
  OCIPlatform,
} from "../../../spec/engine-api/mod.ts";
import { invalidName, nameTaken, noCommand } from "../errors.ts";
import { findContainer } from "../find.ts";
import { checkHealthcheck } from "../health/health-config.ts";
import { isValidName, randomName } from "../names.ts";
import { type ContainerImage, type ContainerParts, publishContainerEvent } from "../parts.ts";

import { mergeImageConfig } from "./merge-config.ts";
import { checkCpuCount, checkHostConfig, normalizeHostConfig } from "./normalize-host-config.ts";
import { publishedPorts } from "./published-ports.ts";
import { resolveMounts } from "./resolve-mounts.ts";

export interface CreateInput {
  /** Without a leading slash; empty for a name of the engine's choice. */
  readonly name: string;
  readonly platform: OCIPlatform | undefined;
  readonly request: ContainerCreateRequest;
}

/**
 * A container is stored with its root file system and volumes; nothing runs.
 *
 * Order: volumes, snapshot, directory, record. A crash before the record is stored leaves a snapshot and directory
 * without a record, which start-up removes; volumes made for it stay as anonymous volumes that prune takes.
 * Errors: notFound (image, network, volume driver), invalidArgument, conflict (name).
 */
export async function createContainer(
  parts: ContainerParts,
  input: CreateInput,
): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
  const { HostConfig: hostRequest, NetworkingConfig: networking, ...configRequest } = input.request;
  const name = checkName(parts, input.name);
  if (!configRequest.Image) throw invalidArgument("invalid reference format");
  const image = await parts.images.resolve(configRequest.Image, platformText(input.platform));
  const hostConfig = normalizeHostConfig(hostRequest ?? {}, parts.defaults);
  checkHostConfig(hostConfig);
  checkCpuCount(hostConfig, parts.availableCpus);
  checkHealthcheck(configRequest.Healthcheck);
  const warnings = parts.specs.check(configRequest, hostConfig);
  const id = newId();
  const config = completeConfig(mergeImageConfig(configRequest, image.config), hostConfig, id);
  checkSupported(hostConfig);
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (path === undefined || path === "") throw noCommand();
  publishedPorts(config, hostConfig);
  const requestedEndpoints = requestedNetworks(parts, hostConfig, networking?.EndpointsConfig ?? {});
  checkNamespaces(parts, hostConfig);

  const mounts = await resolveMounts(config, hostConfig, {
    ensureVolume: (wanted) => parts.volumes.ensure(wanted),
    ensureAnonymousVolume: (driver) => parts.volumes.ensureAnonymous(driver),
    container: (idOrName) => findContainer(parts.store, idOrName),
  });
  const record: ContainerRecord = {
    id,
    name,
    createdAt: formatRfc3339Nano(nowNs()),
    imageId: image.id,
    imageManifest: image.manifest,
    path,
    args,
    config,
    hostConfig,
    requestedEndpoints,
    platform: image.platform.split("/")[0] ?? "linux",
    storageDriver: parts.rootfs.driver,
    mounts,
    state: {
      status: "created",
      pid: 0,
      exitCode: 0,
      error: "",
      startedAt: ZERO_TIME,
      finishedAt: ZERO_TIME,
      oomKilled: false,
    },
    restartCount: 0,
    manuallyStopped: false,
    startedOnce: false,
    task: undefined,
  };
  await storeContainer(parts, record, image, input.name === "");
  return { id, warnings };
}

async function storeContainer(
  parts: ContainerParts,
  record: ContainerRecord,
  image: ContainerImage,
  nameIsOurs: boolean,
): Promise<void> {
  const directory = parts.paths.containerDir(record.id);
  try {
    await Promise.all([
      parts.rootfs.prepare(record.id, image.topLayer),
      mkdir(directory, { recursive: true, mode: 0o710 }),
    ]);
    const stored = addUnderFreeName(parts, record, nameIsOurs);
    publishContainerEvent(parts, stored, "create");
  } catch (error) {
    await parts.rootfs.remove(record.id);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

function addUnderFreeName(
  parts: ContainerParts,
  record: ContainerRecord,
  nameIsOurs: boolean,
): ContainerRecord {
  for (let attempt = 0; ; attempt++) {
    const named = nameIsOurs ? { ...record, name: randomName(attempt) } : record;
    try {
      parts.store.add(named);
      return named;
    } catch (error) {
      if (!isKind(error, "alreadyExists")) throw error;
      if (!nameIsOurs) throw nameTaken(record.name, parts.store.getByName(record.name)?.id ?? "");
    }
  }
}

function checkName(parts: ContainerParts, name: string): string {
  if (name === "") return name;
  if (!isValidName(name)) throw invalidName(name);
  const holder = parts.store.getByName(name);
  if (holder) throw nameTaken(name, holder.id);
  return name;
}

function platformText(platform: OCIPlatform | undefined): string | undefined {
  if (!platform) return undefined;
  return [platform.os, platform.architecture, platform.variant].filter((part) => part).join("/");
}

/** The config as `inspect` shows it: host name filled in, empty fields where docker has them. */
function completeConfig(merged: ContainerConfig, hostConfig: HostConfig, id: string): ContainerConfig {
  const sharesHostname = hostConfig.NetworkMode === "host" || hostConfig.UTSMode === "host";
  const joined = hostConfig.NetworkMode?.startsWith("container:");
  if (joined && merged.Hostname) {
    throw invalidArgument("conflicting options: hostname and the network mode");
  }
  return {
    ...merged,
    Hostname: merged.Hostname || (joined ? "" : sharesHostname ? hostname() : shortId(id)),
    Domainname: merged.Domainname ?? "",
    AttachStdin: merged.AttachStdin ?? false,
    AttachStdout: merged.AttachStdout ?? false,
    AttachStderr: merged.AttachStderr ?? false,
    Tty: merged.Tty ?? false,
    OpenStdin: merged.OpenStdin ?? false,
    StdinOnce: merged.StdinOnce ?? false,
  };
}

/** Refuses what the engine cannot do yet, rather than leaving it out in silence. */
function checkSupported(hostConfig: HostConfig): void {
  const refuse = (what: string) => notImplemented(`${what} is not supported yet`);
  if (
    hostConfig.LogConfig?.Type !== "json-file" ||
    Object.keys(hostConfig.LogConfig.Config ?? {}).length > 0
  ) {
    throw refuse(`log driver ${hostConfig.LogConfig?.Type} with these options`);
  }
  if ((hostConfig.Links ?? []).length > 0) throw refuse("a link between containers");
  if (Object.keys(hostConfig.StorageOpt ?? {}).length > 0) throw refuse("a storage option");
  if ((hostConfig.DeviceRequests ?? []).length > 0) throw refuse("a device request");
  if (hostConfig.UsernsMode && hostConfig.UsernsMode !== "host") {
    throw invalidArgument(`invalid USER mode: ${hostConfig.UsernsMode}`);
  }
}

/** What each network was asked for, by the network's name as given; the main network is among them. */
function requestedNetworks(
  parts: ContainerParts,
  hostConfig: HostConfig,
  endpoints: Readonly<Record<string, EndpointSettings | null>>,
): Record<string, EndpointSettings> {
  const mode = hostConfig.NetworkMode ?? "bridge";
  if (mode.startsWith("container:")) {
    if (Object.keys(endpoints).length > 0) {
      throw conflict("conflicting options: cannot attach user-defined networks to a container's network");
    }
    return {};
  }
  const requested: Record<string, EndpointSettings> = {};
  for (const [name, settings] of Object.entries(endpoints)) {
    requested[name === "default" ? "bridge" : name] = settings ?? {};
  }
  if (!requested[mode]) requested[mode] = {};
  for (const [name, settings] of Object.entries(requested)) parts.networks.checkRequest(name, settings);
  return requested;
}

function checkNamespaces(parts: ContainerParts, hostConfig: HostConfig): void {
  for (const [kind, mode] of [
    ["network", hostConfig.NetworkMode],
    ["IPC", hostConfig.IpcMode],
    ["PID", hostConfig.PidMode],
  ] as const) {
    if (!mode?.startsWith("container:")) continue;
    const target = mode.slice("container:".length);
    if (target === "") throw invalidArgument(`invalid ${kind} mode: ${mode}`);
    findContainer(parts.store, target);
  }
  if (hostConfig.NetworkMode?.startsWith("container:")) {
    if (Object.keys(hostConfig.PortBindings ?? {}).length > 0 || hostConfig.PublishAllPorts) {
      throw invalidArgument("conflicting options: port publishing and the container type network mode");
    }
  }
}

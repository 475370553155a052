import { mkdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { isAbsolute, normalize } from "node:path/posix";
import { conflict, type EngineError, invalidArgument, isKind } from "../../../base/errors.ts";
import { newId, shortId } from "../../../base/ids.ts";
import { formatRfc3339Nano, nowNs } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { NEVER_STARTED } from "../../../core/containers/container-record.ts";
import { parseSignal } from "../../../os/linux/signal.ts";
import type {
  ContainerConfig,
  ContainerCreateRequest,
  EndpointSettings,
  HostConfig,
  OCIPlatform,
} from "../../../spec/engine-api/mod.ts";
import { noneAmongOthers, sharedNamespace } from "../../networks/mod.ts";
import type { VolumeReservation } from "../../volumes/mod.ts";
import { invalidName, nameTaken, noCommand } from "../errors.ts";
import { findContainer } from "../find.ts";
import { checkHealthcheck } from "../health/health-config.ts";
import { settleLinks } from "../links/legacy-links.ts";
import { isValidName, randomName } from "../names.ts";
import { type ContainerImage, type ContainerParts, publishContainerEvent } from "../parts.ts";

import { checkNetworkMode } from "./check-network-mode.ts";
import { fillRootfs } from "./fill-rootfs.ts";
import { mergeImageConfig } from "./merge-config.ts";
import { nameJoinedContainers } from "./name-joined-containers.ts";
import { publishedPorts } from "./published-ports.ts";
import { type MountResolver, resolveMounts } from "./resolve-mounts.ts";
import { settleHostConfig } from "./settle-host-config.ts";

/** Source: sethostname(2). */
const MAX_HOSTNAME_BYTES = 64;

export interface CreateInput {
  /** Without a leading slash; empty for a name of the engine's choice. */
  readonly name: string;
  readonly platform: OCIPlatform | undefined;
  readonly request: ContainerCreateRequest;
  /** As `MountOptions`; missing for no. */
  readonly readOnlyBindsAreFlat?: boolean;
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
  if (!configRequest.Image) throw missingImage(configRequest);
  const image = await parts.images.resolve(configRequest.Image, platformText(input.platform));
  const logConfig = parts.logs.complete(hostRequest?.LogConfig);
  await parts.logs.check(logConfig);
  const wanted = { ...hostRequest, LogConfig: logConfig };
  const settled = settleHostConfig(wanted, parts.defaults, parts.host);
  const hostConfig = nameJoinedContainers(parts.store, settled.hostConfig);
  checkNetworkMode(configRequest, hostConfig);
  checkConfig(configRequest);
  const cuts = parts.specs.check(hostConfig);
  const id = newId();
  const config = completeConfig(mergeImageConfig(configRequest, image.config), hostConfig, id);
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (path === undefined) throw noCommand();
  publishedPorts(config, hostConfig);
  const requestedEndpoints = requestedNetworks(parts, hostConfig, networking?.EndpointsConfig ?? {});
  const linked = settleLinks(parts, hostConfig);

  using volumes = parts.volumes.reserve();
  try {
    const { readOnlyBindsAreFlat = false } = input;
    const resolver = mountResolver(parts, volumes);
    const mounts = await resolveMounts(config, hostConfig, resolver, { readOnlyBindsAreFlat });
    const record: ContainerRecord = {
      id,
      name,
      createdAt: formatRfc3339Nano(nowNs()),
      imageId: image.id,
      imageManifest: image.manifest,
      path,
      args,
      config,
      hostConfig: linked,
      requestedEndpoints,
      platform: image.platform.split("/")[0] ?? "linux",
      storageDriver: parts.rootfs.driver,
      mounts,
      ...NEVER_STARTED,
    };
    await storeContainer(parts, record, image, input.name === "");
    return { id, warnings: [...settled.warnings, ...cuts, ...tellOfMismatches(hostConfig, image)] };
  } catch (error) {
    await volumes.abandon();
    throw error;
  }
}

/** What is wrong with a request that names no image, in docker's words. */
function missingImage({ Entrypoint, Cmd }: ContainerConfig): EngineError {
  const hasCommand = (Entrypoint ?? []).length + (Cmd ?? []).length > 0;
  return hasCommand ? invalidArgument("invalid reference format") : noCommand();
}

/** What docker tells of a request that is served otherwise than one may think. */
function tellOfMismatches(
  { NetworkMode: networkMode, PortBindings: ports }: HostConfig,
  image: ContainerImage,
): string[] {
  const warnings: string[] = [];
  if (networkMode === "host" && Object.keys(ports ?? {}).length > 0) {
    warnings.push("Published ports are discarded when using host network mode");
  }
  if (image.platformWarning) warnings.push(image.platformWarning);
  return warnings;
}

function mountResolver(parts: ContainerParts, volumes: VolumeReservation): MountResolver {
  return {
    ensureVolume: (wanted) => volumes.ensure(wanted),
    ensureAnonymousVolume: (driver) => volumes.ensureAnonymous(driver),
    container: (idOrName) => findContainer(parts.store, idOrName),
    image: (reference) => parts.images.resolve(reference, undefined),
    dataRoot: parts.paths.dataRoot,
  };
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
      parts.rootfs.prepare(record.id, image.topLayer, {
        storageOptions: record.hostConfig.StorageOpt ?? {},
      }),
      mkdir(directory, { recursive: true, mode: 0o710 }),
    ]);
    await fillRootfs(parts, record);
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

/** Checks what the program is run with. Errors: invalidArgument, docker's texts. */
function checkConfig(config: ContainerConfig): void {
  if ((config.Hostname ?? "").length > MAX_HOSTNAME_BYTES) {
    throw invalidArgument(
      `hostname ${JSON.stringify(config.Hostname)} is too long (maximum ${MAX_HOSTNAME_BYTES} bytes)`,
    );
  }
  for (const variable of config.Env ?? []) {
    if (variable === "" || variable.startsWith("=")) {
      throw invalidArgument(`invalid environment variable: ${variable}`);
    }
  }
  checkHealthcheck(config.Healthcheck);
  if (config.WorkingDir && !isAbsolute(config.WorkingDir)) {
    throw invalidArgument(
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if (config.StopSignal && parseSignal(config.StopSignal) === undefined) {
    throw invalidArgument(`invalid signal: ${config.StopSignal}`);
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
  return {
    ...merged,
    Hostname: merged.Hostname || (hostConfig.NetworkMode === "host" ? hostname() : shortId(id)),
    Domainname: merged.Domainname ?? "",
    WorkingDir: cleanPath(merged.WorkingDir ?? ""),
    AttachStdin: merged.AttachStdin ?? false,
    AttachStdout: merged.AttachStdout ?? false,
    AttachStderr: merged.AttachStderr ?? false,
    Tty: merged.Tty ?? false,
    OpenStdin: merged.OpenStdin ?? false,
    StdinOnce: merged.StdinOnce ?? false,
  };
}

/** Without a slash at its end or anything to resolve; empty where it is. */
function cleanPath(path: string): string {
  return path === "" ? "" : normalize(path).replace(/(.)\/$/, "$1");
}

/** Errors: invalidArgument for networks that a container cannot be in at once. */
function checkTogether(parts: ContainerParts, names: readonly string[]): void {
  if (names.length < 2) return;
  const drivers = names.map((name) => parts.networks.find(name)?.driver);
  if (drivers.includes("host")) throw sharedNamespace();
  if (drivers.includes("null")) throw noneAmongOthers();
}

/** What each network was asked for, by the network's name. */
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
  // A network that does not exist yet is known by what the user called it.
  const nameOf = (nameOrId: string) => parts.networks.find(nameOrId)?.name ?? nameOrId;
  const named = Object.entries(endpoints);
  // Source: docker, `updateContainerNetworkSettings`: the mode says which network only where nothing else does.
  const requested = Object.fromEntries(
    named.length === 0
      ? [[nameOf(mode), {}]]
      : named.map(([name, settings]) => [nameOf(name === "default" ? "bridge" : name), settings ?? {}]),
  );
  checkTogether(parts, [...new Set([nameOf(mode), ...Object.keys(requested)])]);
  for (const [name, settings] of Object.entries(requested)) checkEndpoint(parts, name, settings);
  return requested;
}

function checkEndpoint(parts: ContainerParts, network: string, settings: EndpointSettings): void {
  try {
    parts.networks.checkRequest(network, settings);
  } catch (error) {
    // A network has to exist when the container starts, not before; a 404 here would make the client pull the image.
    if (!isKind(error, "notFound")) throw error;
  }
}

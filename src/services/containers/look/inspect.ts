import type { ContainerMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type {
  ContainerConfig,
  ContainerInspectResponse,
  ContainerState,
  EndpointSettings,
  MountPoint,
  NetworkSettings,
  Ulimit,
} from "../../../spec/engine-api/mod.ts";
import { describeEndpoint, describePorts } from "../../networks/mod.ts";
import { describeLinks } from "../links/legacy-links.ts";
import type { ContainerParts } from "../parts.ts";
import { currentRecord, isRunning } from "../parts.ts";
import { exposedPorts } from "./exposed-ports.ts";

/** Everything about a container, in the shape of the newest API version. */
export async function inspectContainer(
  parts: ContainerParts,
  id: string,
  options: { readonly size: boolean },
): Promise<ContainerInspectResponse> {
  const record = currentRecord(parts, id);
  const manifest = await parts.images.manifestDescriptor(record.imageId, record.imageManifest);
  const sizes = options.size ? await containerSizes(parts, record) : undefined;
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: record.path,
    Args: [...record.args],
    State: describeState(record),
    Image: record.imageId,
    ResolvConfPath: record.startedOnce ? parts.paths.resolvConfFile(id) : "",
    HostnamePath: record.startedOnce ? parts.paths.hostnameFile(id) : "",
    HostsPath: record.startedOnce ? parts.paths.hostsFile(id) : "",
    LogPath: record.startedOnce ? parts.logs.logPath(record) : "",
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: record.storageDriver,
    Platform: record.platform,
    ...(manifest && { ImageManifestDescriptor: manifest }),
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: record.startedOnce ? parts.specs.apparmorProfile(record.hostConfig) : "",
    ExecIDs: parts.execs.idsOf(id),
    HostConfig: {
      ...record.hostConfig,
      Links: describeLinks(parts, record),
      Ulimits: ulimitsInForce(record.hostConfig.Ulimits ?? null, parts.defaults.ulimits),
    },
    GraphDriver: { Name: record.storageDriver, Data: await parts.rootfs.describe(id) },
    ...(sizes ?? {}),
    Mounts: record.mounts
      .filter((mount) => mount.type !== "tmpfs" || mount.listed)
      .map((mount) => describeMount(parts, mount)),
    Config: describeConfig(record),
    NetworkSettings: describeNetworkSettings(parts, record),
  };
}

/** The container's own limits, then the engine's of other names. Source: moby daemon/daemon_unix.go, mergeUlimits. */
function ulimitsInForce(own: Ulimit[] | null, defaults: readonly Ulimit[]): Ulimit[] | null {
  const others = defaults.filter(({ Name }) => !own?.some((limit) => limit.Name === Name));
  return others.length === 0 ? own : [...(own ?? []), ...others];
}

/** The configuration, with the hardware address that the main network was asked for: clients before 1.44 look there. */
function describeConfig({ config, hostConfig, requestedEndpoints }: ContainerRecord): ContainerConfig {
  const { MacAddress } = requestedEndpoints[hostConfig.NetworkMode ?? "bridge"] ?? {};
  return MacAddress ? { ...config, MacAddress } : config;
}

/** Bytes of the container's own layer, and with the image's layers below it. */
export async function containerSizes(
  parts: ContainerParts,
  record: ContainerRecord,
): Promise<{ readonly SizeRw: number; readonly SizeRootFs: number }> {
  const [{ sizeBytes }, imageBytes] = await Promise.all([
    parts.rootfs.usage(record.id),
    parts.images.sizeOf(record.imageId),
  ]);
  return { SizeRw: sizeBytes, SizeRootFs: sizeBytes + imageBytes };
}

function describeState({ state }: ContainerRecord): ContainerState {
  const { status } = state;
  return {
    Status: status,
    // A container that waits for its restart counts as running, as docker has it.
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: status === "dead",
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health ? { Health: state.health } : {}),
  };
}

/** A mount as `inspect` and lists show it. */
export function describeMount(parts: ContainerParts, mount: ContainerMount): MountPoint {
  const { type, destination: Destination } = mount;
  const access = { Mode: mount.mode, RW: mount.readWrite };
  switch (type) {
    case "bind":
      return { Type: type, Source: mount.source, Destination, ...access, Propagation: mount.propagation };
    case "volume":
      return {
        Type: type,
        Name: mount.name,
        Source: parts.volumes.mountpoint(mount.name),
        Destination,
        Driver: mount.driver,
        ...access,
        Propagation: "",
      };
    case "image":
      return {
        Type: type,
        Name: mount.reference,
        Source: "",
        Destination,
        ...access,
        Propagation: "rprivate",
      };
    case "tmpfs":
      return { Type: type, Source: "", Destination, ...access, Propagation: "" };
  }
}

function describeNetworkSettings(parts: ContainerParts, record: ContainerRecord): NetworkSettings {
  const running = isRunning(record);
  const endpoints = running ? parts.networks.endpointsOf(record.id) : [];
  const sandbox = running ? parts.networks.sandboxOf(record.id) : undefined;
  return {
    SandboxID: sandbox ? record.id : "",
    SandboxKey: sandbox?.path ?? "",
    Ports: running ? describePorts(exposedPorts(parts, record), endpoints) : {},
    Networks: describeNetworks(parts, record),
  };
}

/** The container's networks by name, as asked for and, while it runs, as they are. */
export function describeNetworks(
  parts: ContainerParts,
  record: ContainerRecord,
): Record<string, EndpointSettings> {
  const endpoints = isRunning(record) ? parts.networks.endpointsOf(record.id) : [];
  return Object.fromEntries(
    Object.entries(record.requestedEndpoints).map(([name, requested]) => {
      const network = parts.networks.find(name);
      const endpoint = endpoints.find(({ networkId }) => networkId === network?.id);
      return [
        network?.name ?? name,
        describeEndpoint(endpoint ? endpoint.networkId : "", requested, endpoint),
      ];
    }),
  );
}

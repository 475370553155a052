import { shortId } from "../../../base/ids.ts";
import type {
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  ContainerUpdateRequest,
} from "../../../spec/engine-api/mod.ts";
import type { VersionRule } from "../../server/versions.ts";

/** How older versions of the API write containers. Source: Engine API version history. */

export const summaryRules: readonly VersionRule<ContainerSummary>[] = [
  {
    below: "1.46",
    apply: (container) => {
      delete container.HostConfig.Annotations;
    },
  },
  {
    below: "1.48",
    apply: (container) => {
      delete container.ImageManifestDescriptor;
    },
  },
  {
    below: "1.52",
    apply: (container) => {
      delete container.Health;
    },
  },
];

/** A copy whose parts that `summaryRules` change are its own. */
export function copySummary(container: ContainerSummary): ContainerSummary {
  return { ...container, HostConfig: { ...container.HostConfig } };
}

const PREDEFINED_NETWORKS = new Set(["bridge", "host", "none", "default", "nat"]);

export const inspectRules: readonly VersionRule<ContainerInspectResponse>[] = [
  { below: "1.45", apply: addGeneratedAliases },
  {
    below: "1.48",
    apply: (container) => {
      delete container.ImageManifestDescriptor;
    },
  },
  { below: "1.52", apply: addDefaultNetworkSettings },
  { below: "1.52", apply: addGraphDriver },
  {
    below: "1.52",
    apply: (container) => {
      container.Config.OnBuild ??= null;
    },
  },
  {
    below: "1.42",
    apply: ({ HostConfig: host }) => {
      host.KernelMemory ??= 0;
      host.KernelMemoryTCP ??= 0;
    },
  },
  {
    from: "1.42",
    apply: ({ HostConfig: host }) => {
      if (!host.KernelMemory) delete host.KernelMemory;
      if (!host.KernelMemoryTCP) delete host.KernelMemoryTCP;
    },
  },
  { from: "1.52", apply: (container) => void delete container.HostConfig.KernelMemoryTCP },
  { from: "1.52", apply: (container) => void delete container.Config.MacAddress },
];

/** Before 1.45 aliases included the names that the engine adds by itself. */
function addGeneratedAliases(container: ContainerInspectResponse): void {
  for (const [network, endpoint] of Object.entries(container.NetworkSettings.Networks ?? {})) {
    if (PREDEFINED_NETWORKS.has(network)) continue;
    const generated = [shortId(container.Id), container.Config.Hostname ?? ""].filter((name) => name !== "");
    endpoint.Aliases = [...new Set([...(endpoint.Aliases ?? []), ...generated])];
  }
}

/** Before 1.52 the default bridge's endpoint was shown a second time, outside `Networks`. */
function addDefaultNetworkSettings(container: ContainerInspectResponse): void {
  const bridge = container.NetworkSettings.Networks?.["bridge"];
  container.NetworkSettings = {
    Bridge: "",
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.EndpointID ?? "",
    Gateway: bridge?.Gateway ?? "",
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? "",
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? "",
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? "",
    MacAddress: bridge?.MacAddress ?? "",
    ...container.NetworkSettings,
  };
}

function addGraphDriver(container: ContainerInspectResponse): void {
  const name = container.Storage?.RootFS?.Snapshot?.Name;
  if (container.GraphDriver || name === undefined) return;
  container.GraphDriver = { Name: name, Data: null };
  delete container.Storage;
}

export const statsRules: readonly VersionRule<ContainerStatsResponse>[] = [
  {
    below: "1.52",
    apply: (sample) => {
      delete sample.os_type;
    },
  },
];

export const updateRules: readonly VersionRule<ContainerUpdateRequest>[] = [
  { below: "1.40", apply: (request) => void delete request.PidsLimit },
  { from: "1.42", apply: (request) => void delete request.KernelMemory },
  { from: "1.52", apply: (request) => void delete request.KernelMemoryTCP },
  {
    below: "1.55",
    apply: (request) => {
      delete request.BlkioWeightDevice;
      delete request.BlkioDeviceReadBps;
      delete request.BlkioDeviceWriteBps;
      delete request.BlkioDeviceReadIOps;
      delete request.BlkioDeviceWriteIOps;
    },
  },
];

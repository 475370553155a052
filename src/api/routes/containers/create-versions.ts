import { invalidArgument } from "../../../base/errors.ts";
import type {
  ContainerCreateRequest,
  EndpointSettings,
  HostConfig,
  Mount,
  NetworkingConfig,
} from "../../../spec/engine-api/mod.ts";
import type { ApiVersion, VersionRule } from "../../server/versions.ts";

/**
 * Turns a create request of any version into one of the newest, with the same meaning. Errors: invalidArgument with
 * docker's texts for what a version does not have or no longer has. Source: Engine API version history.
 */

/** A create request with all its parts there. */
export interface CompleteCreateRequest extends ContainerCreateRequest {
  HostConfig: HostConfig & { Capabilities?: string[] };
  NetworkingConfig: NetworkingConfig & { EndpointsConfig: Record<string, EndpointSettings> };
}

export interface CreateDraft {
  readonly request: CompleteCreateRequest;
  readonly warnings: string[];
  readonly version: ApiVersion;
  /** Whether the host's controllers are in the unified hierarchy. */
  readonly cgroupV2: boolean;
}

export const createRules: readonly VersionRule<CreateDraft>[] = [
  { apply: useDefaultNetworkName },
  {
    below: "1.40",
    apply: ({ request }) => {
      request.HostConfig.IpcMode ||= "shareable";
    },
  },
  { below: "1.40", apply: forEachMount((mount) => dropBindOption(mount, "NonRecursive")) },
  {
    below: "1.41",
    apply: ({ request, cgroupV2 }) => {
      if (!cgroupV2) request.HostConfig.CgroupnsMode ||= "host";
    },
  },
  { below: "1.42", apply: ({ request }) => void delete request.HostConfig.ConsoleSize },
  { below: "1.42", apply: forEachMount(dropForeignOptions) },
  { from: "1.42", apply: forEachMount(refuseForeignOptions) },
  { from: "1.42", apply: ({ request }) => void delete request.HostConfig.KernelMemory },
  { below: "1.43", apply: ({ request }) => void delete request.HostConfig.Annotations },
  { below: "1.44", apply: ({ request }) => void delete request.Healthcheck?.StartInterval },
  { below: "1.44", apply: forEachMount(keepReadOnlyFlat) },
  { below: "1.44", apply: refuseSeveralNetworks },
  { below: "1.45", apply: forEachMount(refuseVolumeSubpath) },
  {
    below: "1.48",
    apply: ({ request }) => {
      for (const endpoint of endpointsOf(request)) delete endpoint.GwPriority;
    },
  },
  { below: "1.48", apply: forEachMount(refuseImageMount) },
  { from: "1.48", apply: warnOfVolumeDriver },
  { apply: refuseCapabilities },
  { below: "1.44", apply: moveOldMacAddress },
  { from: "1.44", below: "1.52", apply: moveMacAddress },
  {
    from: "1.52",
    apply: ({ request }) => {
      if (request.MacAddress) {
        throw invalidArgument(
          "container-wide MAC address no longer supported; use endpoint-specific MAC address instead",
        );
      }
    },
  },
  { from: "1.52", apply: ({ request }) => void delete request.HostConfig.KernelMemoryTCP },
  { apply: moveInterfaceSysctls },
  { apply: fillEmptyPortBindings },
  {
    apply: ({ request }) => {
      if ((request.HostConfig.PidsLimit ?? 1) <= 0) delete request.HostConfig.PidsLimit;
    },
  },
];

function endpointsOf(request: CompleteCreateRequest): EndpointSettings[] {
  return Object.values(request.NetworkingConfig.EndpointsConfig);
}

function forEachMount(apply: (mount: Mount) => void): (draft: CreateDraft) => void {
  return ({ request }) => {
    for (const mount of request.HostConfig.Mounts ?? []) apply(mount);
  };
}

/** `default` and nothing both mean the bridge network, in the mode and among the endpoints. */
function useDefaultNetworkName({ request }: CreateDraft): void {
  const { HostConfig: host, NetworkingConfig: networking } = request;
  if (host.NetworkMode && host.NetworkMode !== "default") return;
  host.NetworkMode = "bridge";
  const { default: endpoint, ...others } = networking.EndpointsConfig;
  if (endpoint) networking.EndpointsConfig = { ...others, bridge: endpoint };
}

function dropBindOption(mount: Mount, option: "NonRecursive" | "CreateMountpoint"): void {
  if (mount.BindOptions) delete mount.BindOptions[option];
}

function dropForeignOptions(mount: Mount): void {
  dropBindOption(mount, "CreateMountpoint");
  if (mount.Type !== "volume") delete mount.VolumeOptions;
  if (mount.Type !== "tmpfs") delete mount.TmpfsOptions;
}

function refuseForeignOptions(mount: Mount): void {
  for (const [field, type] of [
    ["VolumeOptions", "volume"],
    ["BindOptions", "bind"],
    ["TmpfsOptions", "tmpfs"],
  ] as const) {
    if (mount[field] && mount.Type !== type) {
      throw invalidArgument(`${field} must not be specified on mount type ${JSON.stringify(mount.Type)}`);
    }
  }
}

/** Before 1.44 a read-only bind left what was mounted below it writable. */
function keepReadOnlyFlat(mount: Mount): void {
  if (mount.Type !== "bind") return;
  if (mount.BindOptions?.ReadOnlyForceRecursive) {
    throw invalidArgument("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer");
  }
  if (mount.ReadOnly) mount.BindOptions = { ...mount.BindOptions, ReadOnlyNonRecursive: true };
}

function refuseSeveralNetworks({ request }: CreateDraft): void {
  const names = Object.keys(request.NetworkingConfig.EndpointsConfig);
  if (names.length < 2) return;
  throw invalidArgument(`Container cannot be created with multiple network endpoints: ${names.join(", ")}`);
}

function refuseVolumeSubpath(mount: Mount): void {
  if (mount.VolumeOptions?.Subpath) {
    throw invalidArgument("VolumeOptions.Subpath needs API v1.45 or newer");
  }
}

function refuseImageMount(mount: Mount): void {
  if (mount.Type === "image") throw invalidArgument('Mount type "Image" needs API v1.48 or newer');
}

function warnOfVolumeDriver({ request, warnings }: CreateDraft): void {
  if (!request.HostConfig.VolumeDriver) return;
  const ignored = request.HostConfig.Mounts?.some(
    (mount) => mount.Type === "volume" && !mount.VolumeOptions?.DriverConfig?.Name,
  );
  if (!ignored) return;
  warnings.push(
    "WARNING: the container-wide volume-driver configuration is ignored for volumes specified via 'mount'. Use '--mount type=volume,volume-driver=...' instead",
  );
}

/** Only 1.40 had it, and no engine since can honour it. */
function refuseCapabilities({ request, version }: CreateDraft): void {
  const given = request.HostConfig.Capabilities?.length ?? 0;
  if (given > 0 && version.text === "1.40") {
    throw invalidArgument(
      "the HostConfig.Capabilities field is not supported by this daemon; use CapAdd and CapDrop to set capabilities",
    );
  }
  delete request.HostConfig.Capabilities;
}

/** Whether a mode gives the container endpoints of its own. */
function hasEndpoints(mode: string): boolean {
  return mode !== "host" && mode !== "none" && !mode.startsWith("container:");
}

/** The endpoint that container-wide settings belong to, made where there is none. */
function mainEndpoint({ request, version }: CreateDraft): EndpointSettings {
  const endpoints = request.NetworkingConfig.EndpointsConfig;
  const network = request.HostConfig.NetworkMode!;
  const first = Object.values(endpoints)[0];
  if (first === undefined) {
    const made: EndpointSettings = {};
    endpoints[network] = made;
    return made;
  }
  if (version.below("1.44")) return first;
  const endpoint = endpoints[network];
  if (endpoint) return endpoint;
  throw invalidArgument(
    "HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks",
  );
}

/** Before 1.44 the address was the container's, and one at the endpoint meant nothing. */
function moveOldMacAddress(draft: CreateDraft): void {
  const { request } = draft;
  const address = request.MacAddress;
  delete request.MacAddress;
  if (!address) {
    for (const endpoint of endpointsOf(request)) delete endpoint.MacAddress;
    return;
  }
  if (!hasEndpoints(request.HostConfig.NetworkMode!)) {
    throw invalidArgument("conflicting options: mac-address and the network mode");
  }
  mainEndpoint(draft).MacAddress = address;
}

function moveMacAddress(draft: CreateDraft): void {
  const { request } = draft;
  const address = request.MacAddress;
  delete request.MacAddress;
  if (!address) return;
  if (hasEndpoints(request.HostConfig.NetworkMode!)) {
    const endpoint = mainEndpoint(draft);
    if (endpoint.MacAddress && endpoint.MacAddress.toLowerCase() !== address.toLowerCase()) {
      throw invalidArgument(
        "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
      );
    }
    endpoint.MacAddress = address;
  }
  draft.warnings.push(
    "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
  );
}

const ENDPOINT_SYSCTLS = "com.docker.network.endpoint.sysctls";

/** Settings of an interface belong to an endpoint: before 1.48 those of eth0 are moved there. */
function moveInterfaceSysctls(draft: CreateDraft): void {
  const { request, warnings, version } = draft;
  const sysctls = request.HostConfig.Sysctls ?? {};
  if (!hasEndpoints(request.HostConfig.NetworkMode!)) return;
  const moved: string[] = [];
  const options: string[] = [];
  for (const [key, value] of Object.entries(sysctls)) {
    const match = /^net\.([^.]+)\.([^.]+)\.(eth[^.]*)\.(.+)$/.exec(key);
    if (!match) continue;
    if (version.atLeast("1.48")) {
      throw invalidArgument(
        `interface specific sysctl setting ${JSON.stringify(key)} must be supplied using driver option '${ENDPOINT_SYSCTLS}'`,
      );
    }
    if (match[3] !== "eth0") {
      throw invalidArgument(
        `unable to determine network endpoint for sysctl ${key}, use driver option '${ENDPOINT_SYSCTLS}' to set per-interface sysctls`,
      );
    }
    moved.push(key);
    options.push(`net.${match[1]}.${match[2]}.IFNAME.${match[4]}=${value}`);
  }
  if (moved.length === 0) return;
  const endpoint = mainEndpoint(draft);
  const own = endpoint.DriverOpts?.[ENDPOINT_SYSCTLS];
  const option = options.join(",");
  endpoint.DriverOpts = {
    ...endpoint.DriverOpts,
    [ENDPOINT_SYSCTLS]: own === undefined ? option : `${option},${own}`,
  };
  for (const key of moved) delete sysctls[key];
  warnings.push(
    `Migrated sysctl ${JSON.stringify(moved.join(","))} to DriverOpts{${JSON.stringify(ENDPOINT_SYSCTLS)}:${JSON.stringify(option)}}.`,
  );
}

/** A port with an empty list of bindings is published on an ephemeral port. */
function fillEmptyPortBindings({ request, warnings, version }: CreateDraft): void {
  const empty: string[] = [];
  for (const [port, bindings] of Object.entries(request.HostConfig.PortBindings ?? {})) {
    if (bindings && bindings.length > 0) continue;
    empty.push(port);
    request.HostConfig.PortBindings![port] = [{}];
  }
  if (empty.length === 0 || version.below("1.52")) return;
  warnings.push(
    `Following container port(s) have an empty list of port-bindings: ${empty.join(", ")}. Such bindings will be discarded in a future version.`,
  );
}

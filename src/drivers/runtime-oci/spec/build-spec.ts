import { join } from "node:path";
import type {
  LinuxSpec,
  RuntimeCapabilities,
  RuntimeProcess,
  RuntimeSpec,
  SeccompFilter,
} from "../../../spec/oci-runtime/mod.ts";
import { apparmorProfileOf } from "./apparmor.ts";
import { resolveCapabilities } from "./capabilities.ts";
import { buildDevices } from "./devices.ts";
import { buildEnvironment } from "./environment.ts";
import type { RuntimeSpecInput } from "./input.ts";
import { buildMounts, rootPropagation, withInit } from "./mounts.ts";
import { buildNamespaces, buildSysctls } from "./namespaces.ts";
import { buildResources, withoutUnlimited } from "./resources.ts";
import { buildRlimits } from "./rlimits.ts";
import { DEFAULT_SECCOMP_PROFILE } from "./seccomp/default-profile.ts";
import { compileSeccomp } from "./seccomp/docker-profile.ts";
import { parseSeccompProfile } from "./seccomp/parse-profile.ts";
import { parseSecurityOptions, type SecurityOptions } from "./security-options.ts";

const OCI_VERSION = "1.0.2";

/** Paths that tell of the host or change it. Source: docker 28, default masked and read-only paths. */
const MASKED_PATHS = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The paths a container cannot read. `throttledCpus`: processors whose throttling counters give the host's load away. */
export function defaultMaskedPaths(throttledCpus: readonly number[]): string[] {
  return [
    ...MASKED_PATHS,
    ...throttledCpus.map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`),
  ];
}

export function defaultReadonlyPaths(): string[] {
  return [...READONLY_PATHS];
}

/** The sets of a process's capabilities: a user other than root gains them only through a program's file. */
export function capabilitySets(capabilities: readonly string[], uid: number): RuntimeCapabilities {
  const bounding = [...capabilities];
  if (uid !== 0) return { bounding };
  return { bounding, effective: [...capabilities], permitted: [...capabilities] };
}

function buildSeccomp(
  input: RuntimeSpecInput,
  security: SecurityOptions,
  capabilities: readonly string[],
): SeccompFilter | undefined {
  if (input.hostConfig.Privileged && security.seccomp === undefined) return undefined;
  const choice = security.seccomp ?? input.defaults?.seccomp ?? "builtin";
  if (choice === "unconfined") return undefined;
  const profile = choice === "builtin" ? DEFAULT_SECCOMP_PROFILE : parseSeccompProfile(choice);
  return compileSeccomp(profile, { ...input.host, capabilities: new Set(capabilities) });
}

function buildProcess(
  input: RuntimeSpecInput,
  security: SecurityOptions,
  capabilities: readonly string[],
): RuntimeProcess {
  const { config, hostConfig, host } = input;
  const size = hostConfig.ConsoleSize;
  const tty = config.Tty ?? false;
  const rlimits = buildRlimits(input.defaults?.ulimits ?? [], hostConfig.Ulimits, host);
  const apparmorProfile = apparmorProfileOf(hostConfig, host);
  return {
    terminal: tty,
    ...(size && tty ? { consoleSize: { height: size[0], width: size[1] } } : {}),
    user: input.user,
    args: input.initPath === undefined ? [...input.args] : withInit(input.args),
    env: buildEnvironment(input.hostname, tty, config.Env),
    cwd: config.WorkingDir || "/",
    capabilities: capabilitySets(capabilities, input.user.uid),
    ...(rlimits.length > 0 ? { rlimits } : {}),
    noNewPrivileges: security.noNewPrivileges ?? input.defaults?.noNewPrivileges ?? false,
    ...(apparmorProfile === "" ? {} : { apparmorProfile }),
    oomScoreAdj: hostConfig.OomScoreAdj ?? 0,
  };
}

/** A path that cannot lead out of the container, whatever the runtime makes of `..`. */
const inside = (path: string) => join("/", path);

function buildPaths(
  input: RuntimeSpecInput,
  security: SecurityOptions,
): { masked: string[]; readonly: string[] } {
  const { hostConfig } = input;
  if (hostConfig.Privileged || security.systemPathsUnconfined) return { masked: [], readonly: [] };
  return {
    masked: (hostConfig.MaskedPaths ?? defaultMaskedPaths(input.host.throttledCpus)).map(inside),
    readonly: (hostConfig.ReadonlyPaths ?? defaultReadonlyPaths()).map(inside),
  };
}

function buildLinux(
  input: RuntimeSpecInput,
  security: SecurityOptions,
  capabilities: readonly string[],
): LinuxSpec {
  const { hostConfig, namespaces, host } = input;
  const { devices, rules } = buildDevices(input);
  const paths = buildPaths(input, security);
  const seccomp = buildSeccomp(input, security, capabilities);
  const propagation = rootPropagation(input.mounts);
  const ownsNetwork = namespaces.network !== "host" && !hostConfig.NetworkMode?.startsWith("container:");
  return {
    ...(namespaces.user
      ? { uidMappings: [...namespaces.user.uidMappings], gidMappings: [...namespaces.user.gidMappings] }
      : {}),
    sysctl: buildSysctls(namespaces, hostConfig.Sysctls, ownsNetwork),
    resources: {
      devices: rules,
      // A new group has none anyway.
      ...withoutUnlimited(buildResources(hostConfig, host.swapLimit, input.devicesAt)),
    },
    cgroupsPath: input.cgroupPath,
    namespaces: buildNamespaces(namespaces),
    ...(devices.length > 0 ? { devices } : {}),
    ...(seccomp ? { seccomp } : {}),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
    maskedPaths: paths.masked,
    readonlyPaths: paths.readonly,
  };
}

/** The OCI document of a container, with docker's defaults. Errors: invalidArgument with docker's texts. */
export function buildRuntimeSpec(input: RuntimeSpecInput): RuntimeSpec {
  const { config, hostConfig, namespaces } = input;
  const security = parseSecurityOptions(hostConfig.SecurityOpt);
  const capabilities = resolveCapabilities({
    add: hostConfig.CapAdd,
    drop: hostConfig.CapDrop,
    privileged: hostConfig.Privileged ?? false,
    available: input.host.capabilities,
  });
  const ownsHostname = namespaces.uts !== "host";
  const annotations = hostConfig.Annotations ?? {};
  return {
    ociVersion: OCI_VERSION,
    process: buildProcess(input, security, capabilities),
    root: { path: input.rootfs, readonly: hostConfig.ReadonlyRootfs ?? false },
    ...(ownsHostname ? { hostname: input.hostname } : {}),
    ...(ownsHostname && config.Domainname ? { domainname: config.Domainname } : {}),
    mounts: buildMounts(input, security.writableCgroups),
    ...(Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {}),
    linux: buildLinux(input, security, capabilities),
  };
}

import { invalidArgument } from "../../base/errors.ts";
import type {
  ContainerConfig,
  ContainerCreateRequest,
  HostConfig,
  LogConfig,
  PortBinding,
  PortMap,
} from "../../spec/engine-api/mod.ts";
import { capabilities } from "./capabilities.ts";
import type { ContainerFlags } from "./container-flags.ts";
import { parseDevices } from "./devices.ts";
import { refuseContentTrust, refuseWindowsFlags } from "./foreign-flags.ts";
import { parseHealth } from "./health.ts";
import { environment, labels, pairsToRecord } from "./key-values.ts";
import { parseRestartPolicy } from "./limits.ts";
import { checkMac, parseNetworks } from "./networks.ts";
import { parseExpose, parsePublish } from "./ports.ts";
import { type ProxyVariables, withProxies } from "./proxies.ts";
import { parseSecurityOptions } from "./security.ts";
import { mergeUlimits } from "./ulimits.ts";
import { parseTmpfs, parseVolumes } from "./volumes.ts";

export interface ContainerRequest {
  readonly flags: ContainerFlags;
  /** Long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What the configuration has for all containers. */
  readonly proxies: ProxyVariables;
}

/**
 * The body of a create request that a command line asks for.
 * Errors: invalidArgument with the text docker prints. Files named by flags are read.
 */
export function containerCreateRequest(request: ContainerRequest): ContainerCreateRequest {
  const { flags } = request;
  refuseWindowsFlags(request.given);
  refuseContentTrust(request.env, flags["disable-content-trust"], request.given);
  if (flags["mac-address"] !== "") checkMac(flags["mac-address"]);
  const swappiness = flags["memory-swappiness"];
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100))
    throw invalidArgument(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  const volumes = parseVolumes(flags.volume);
  const published = parsePublish(flags.publish);
  const networks = parseNetworks([...flags.net, ...flags.network], {
    ...flags,
    "network-alias": [...flags["net-alias"], ...flags["network-alias"]],
  });
  checkModes(flags);
  return {
    ...config(request, volumes.anonymous, { ...published.exposed, ...parseExpose(flags.expose) }),
    HostConfig: hostConfig(request, volumes.binds, published.bindings, networks.mode),
    NetworkingConfig: { EndpointsConfig: networks.endpoints },
  };
}

function checkModes(flags: ContainerFlags): void {
  const isContainer = (mode: string) => /^container:.+/.test(mode);
  if (!["", "host"].includes(flags.pid) && !isContainer(flags.pid))
    throw invalidArgument("--pid: invalid PID mode");
  if (!["", "host"].includes(flags.uts)) throw invalidArgument("--uts: invalid UTS mode");
  if (!["", "host"].includes(flags.userns)) throw invalidArgument("--userns: invalid USER mode");
  if (!["", "host", "private"].includes(flags.cgroupns))
    throw invalidArgument("--cgroupns: invalid CGROUP mode");
}

function config(
  { flags, given, image, command, env, proxies }: ContainerRequest,
  volumes: Record<string, Record<string, never>>,
  exposed: Record<string, Record<string, never>>,
): ContainerConfig {
  const attach = (stream: string) => flags.attach.includes(stream);
  const attachOutput = flags.attach.length === 0;
  const attachStdin = flags.interactive || attach("stdin");
  const health = parseHealth(flags);
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attachStdin,
    AttachStdout: attachOutput || attach("stdout"),
    AttachStderr: attachOutput || attach("stderr"),
    ExposedPorts: exposed,
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attachStdin,
    Env: withProxies(environment(flags["env-file"], flags.env, env), proxies),
    Cmd: command.length === 0 ? null : [...command],
    ...(health ? { Healthcheck: health } : {}),
    Image: image,
    Volumes: volumes,
    WorkingDir: flags.workdir,
    Entrypoint: given.has("entrypoint") ? [flags.entrypoint] : null,
    OnBuild: null,
    Labels: labels(flags["label-file"], flags.label),
    ...(flags["stop-signal"] === "" ? {} : { StopSignal: flags["stop-signal"] }),
    ...(given.has("stop-timeout") ? { StopTimeout: flags["stop-timeout"] } : {}),
  };
}

function hostConfig(
  { flags, given }: ContainerRequest,
  binds: string[],
  bindings: PortMap,
  networkMode: string,
): HostConfig {
  const restart = parseRestartPolicy(flags.restart);
  if (flags.rm && restart.Name !== undefined && !["", "no"].includes(restart.Name))
    throw invalidArgument("conflicting options: cannot specify both --restart and --rm");
  const devices = parseDevices(flags.device);
  const security = parseSecurityOptions(flags["security-opt"]);
  const { "storage-opt": storage } = flags;
  return {
    Binds: binds.length === 0 ? null : binds,
    ContainerIDFile: flags.cidfile,
    LogConfig: logConfig(flags),
    NetworkMode: networkMode,
    PortBindings: bindings as Record<string, PortBinding[]>,
    RestartPolicy: restart,
    AutoRemove: flags.rm,
    VolumeDriver: flags["volume-driver"],
    VolumesFrom: orNull(flags["volumes-from"]),
    ...(flags.mount.length === 0 ? {} : { Mounts: [...flags.mount] }),
    ...(given.has("annotation") ? { Annotations: flags.annotation } : {}),
    ...capabilities(flags["cap-add"], flags["cap-drop"]),
    CgroupnsMode: flags.cgroupns as "" | "host" | "private",
    Dns: [...flags.dns],
    DnsOptions: [...flags["dns-opt"], ...flags["dns-option"]],
    DnsSearch: flags["dns-search"].includes(".") ? [] : [...flags["dns-search"]],
    ExtraHosts: orNull(flags["add-host"]),
    GroupAdd: orNull(flags["group-add"]),
    IpcMode: flags.ipc,
    Cgroup: "",
    Links: orNull(flags.link),
    OomScoreAdj: flags["oom-score-adj"],
    PidMode: flags.pid,
    Privileged: flags.privileged,
    PublishAllPorts: flags["publish-all"],
    ReadonlyRootfs: flags["read-only"],
    SecurityOpt: orNull(security.options),
    ...(storage.length === 0 ? {} : { StorageOpt: storageOptions(storage) }),
    ...(flags.tmpfs.length === 0 ? {} : { Tmpfs: parseTmpfs(flags.tmpfs) }),
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    ShmSize: flags["shm-size"],
    ...(given.has("sysctl") ? { Sysctls: flags.sysctl } : {}),
    ...(flags.runtime === "" ? {} : { Runtime: flags.runtime }),
    Isolation: flags.isolation as "",
    ...resources(flags, devices),
    MaskedPaths: security.maskedPaths ?? null,
    ReadonlyPaths: security.readonlyPaths ?? null,
    ...(given.has("init") ? { Init: flags.init } : {}),
  };
}

function resources(flags: ContainerFlags, devices: ReturnType<typeof parseDevices>): HostConfig {
  const requests = [...devices.requests, ...flags.gpus];
  return {
    CpuShares: flags["cpu-shares"],
    Memory: flags.memory,
    NanoCpus: flags.cpus,
    CgroupParent: flags["cgroup-parent"],
    BlkioWeight: flags["blkio-weight"],
    BlkioWeightDevice: [...flags["blkio-weight-device"]],
    BlkioDeviceReadBps: [...flags["device-read-bps"]],
    BlkioDeviceWriteBps: [...flags["device-write-bps"]],
    BlkioDeviceReadIOps: [...flags["device-read-iops"]],
    BlkioDeviceWriteIOps: [...flags["device-write-iops"]],
    CpuPeriod: flags["cpu-period"],
    CpuQuota: flags["cpu-quota"],
    CpuRealtimePeriod: flags["cpu-rt-period"],
    CpuRealtimeRuntime: flags["cpu-rt-runtime"],
    CpusetCpus: flags["cpuset-cpus"],
    CpusetMems: flags["cpuset-mems"],
    Devices: devices.mappings,
    DeviceCgroupRules: orNull(flags["device-cgroup-rule"]),
    DeviceRequests: orNull(requests),
    ...(flags["kernel-memory"] === 0 ? {} : { KernelMemory: flags["kernel-memory"] }),
    MemoryReservation: flags["memory-reservation"],
    MemorySwap: flags["memory-swap"],
    MemorySwappiness: flags["memory-swappiness"],
    OomKillDisable: flags["oom-kill-disable"],
    PidsLimit: flags["pids-limit"],
    Ulimits: mergeUlimits(flags.ulimit),
    CpuCount: flags["cpu-count"],
    CpuPercent: flags["cpu-percent"],
    IOMaximumIOps: flags["io-maxiops"],
    IOMaximumBandwidth: flags["io-maxbandwidth"],
  };
}

function orNull<T>(values: readonly T[]): T[] | null {
  return values.length === 0 ? null : [...values];
}

function logConfig(flags: ContainerFlags): LogConfig {
  const options = pairsToRecord(flags["log-opt"]);
  if (flags["log-driver"] === "none" && flags["log-opt"].length > 0)
    throw invalidArgument("invalid logging opts for driver none");
  return { Type: flags["log-driver"], Config: options };
}

function storageOptions(values: readonly string[]): Record<string, string> {
  for (const value of values) if (!value.includes("=")) throw invalidArgument("invalid storage option");
  return pairsToRecord(values);
}

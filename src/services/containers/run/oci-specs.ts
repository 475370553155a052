import { join } from "node:path";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { DeviceRequests } from "../../../drivers/devices-cdi/mod.ts";
import {
  apparmorProfileOf,
  buildResources,
  buildRuntimeSpec,
  capabilitySets,
  DEFAULT_APPARMOR_PROFILE,
  ensureDefaultProfile,
  findHostDevices,
  findInitProgram,
  type HostFacts,
  mergeEnvironment,
  type NamespaceChoice,
  parseSecurityOptions,
  resolveCapabilities,
  resolveUser,
  type SpecDefaults,
  tellLoweredRlimits,
} from "../../../drivers/runtime-oci/mod.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import type { ExecCreateRequest, HostConfig } from "../../../spec/engine-api/mod.ts";
import type { RuntimeProcess, RuntimeSpec } from "../../../spec/oci-runtime/mod.ts";
import type { PreparedContainer, RuntimeSpecs } from "./runtime-specs.ts";
import { keepSourceRestrictions } from "./source-restrictions.ts";

export interface OciSpecsOptions {
  readonly facts: HostFacts;
  /** cgroup above all containers of this engine, such as `/docker`. */
  readonly cgroupParent: string;
  readonly init: InitSettings;
  readonly devices: DeviceRequests;
  readonly defaults: SpecDefaults;
  /** Gives the group that a container's own is to be in what real-time processes need. */
  readonly allowRealtime: (cgroupParent: string) => void;
}

export interface InitSettings {
  /** Program or name of it; empty for any that is installed. */
  readonly program: string;
  /** Whether containers that do not say have one. */
  readonly byDefault: boolean;
}

/** OCI documents for this host. */
export class OciSpecs implements RuntimeSpecs {
  readonly #facts: HostFacts;
  readonly #cgroupParent: string;
  readonly #init: InitSettings;
  readonly #devices: DeviceRequests;
  readonly #defaults: SpecDefaults;
  readonly #allowRealtime: (cgroupParent: string) => void;

  constructor(options: OciSpecsOptions) {
    this.#facts = options.facts;
    this.#cgroupParent = options.cgroupParent;
    this.#init = options.init;
    this.#devices = options.devices;
    this.#defaults = options.defaults;
    this.#allowRealtime = options.allowRealtime;
  }

  check(hostConfig: HostConfig): string[] {
    resolveCapabilities({
      add: hostConfig.CapAdd,
      drop: hostConfig.CapDrop,
      privileged: hostConfig.Privileged ?? false,
      available: this.#facts.capabilities,
    });
    const security = parseSecurityOptions(hostConfig.SecurityOpt);
    const warnings = tellLoweredRlimits(hostConfig.Ulimits, this.#facts);
    if (!this.#facts.apparmor && security.apparmor !== undefined && security.apparmor !== "unconfined") {
      warnings.push("AppArmor is not enabled on this host. AppArmor profile discarded.");
    }
    if (security.labels.some((label) => label !== "disable")) {
      warnings.push("SELinux labels are not supported. Labels discarded.");
    }
    return warnings;
  }

  async build(prepared: PreparedContainer): Promise<RuntimeSpec> {
    const { record, rootfs } = prepared;
    const { config, hostConfig } = record;
    const { user } = await userIn(rootfs, config.User ?? "", hostConfig.GroupAdd ?? []);
    const { sharedMemory } = prepared.joined;
    if (this.apparmorProfile(hostConfig) === DEFAULT_APPARMOR_PROFILE) await ensureDefaultProfile();
    // Absolute before it is joined: no `..` leads out of the hierarchies.
    const cgroupParent = join("/", hostConfig.CgroupParent || this.#cgroupParent);
    this.#allowRealtime(cgroupParent);
    const spec = buildRuntimeSpec({
      args: [record.path, ...record.args],
      config,
      hostConfig,
      rootfs,
      hostname: config.Hostname ?? "",
      user,
      mounts: prepared.mounts,
      files: {
        ...(prepared.hostsFile ? { hosts: prepared.hostsFile } : {}),
        ...(prepared.hostnameFile ? { hostname: prepared.hostnameFile } : {}),
        ...(prepared.resolvConfFile ? { resolvConf: prepared.resolvConfFile } : {}),
      },
      ...(sharedMemory === undefined ? {} : { shmPath: sharedMemory }),
      namespaces: namespaces(prepared),
      ...(this.#hasInit(hostConfig) ? { initPath: findInitProgram(this.#init.program) } : {}),
      cgroupPath: join(cgroupParent, record.id),
      defaults: this.#defaults,
      host: this.#facts,
      devicesAt: findHostDevices,
    });
    const mounts = await keepSourceRestrictions(spec.mounts ?? []);
    return await this.#devices.apply({ ...spec, mounts }, hostConfig.DeviceRequests ?? []);
  }

  apparmorProfile(hostConfig: HostConfig): string {
    return apparmorProfileOf(hostConfig, this.#facts);
  }

  /** In processes that are another's there is an init already. */
  #hasInit({ Init: wanted, PidMode: pidMode }: HostConfig): boolean {
    return (wanted ?? this.#init.byDefault) && (pidMode ?? "") === "";
  }

  resources(hostConfig: HostConfig): NonNullable<RuntimeSpec["linux"]>["resources"] {
    return buildResources(hostConfig, this.#facts.swapLimit, findHostDevices);
  }

  async buildExec(
    record: ContainerRecord,
    rootfs: string,
    running: RuntimeProcess,
    request: ExecCreateRequest,
  ): Promise<RuntimeProcess> {
    const own = request.User ?? "";
    const { user } = await userIn(
      rootfs,
      own || (record.config.User ?? ""),
      record.hostConfig.GroupAdd ?? [],
    );
    const capabilities = resolveCapabilities({
      add: record.hostConfig.CapAdd,
      drop: record.hostConfig.CapDrop,
      privileged: request.Privileged || record.hostConfig.Privileged || false,
      available: this.#facts.capabilities,
    });
    const tty = request.Tty ?? false;
    const environment = (running.env ?? []).filter((entry) => tty || !entry.startsWith("TERM="));
    return {
      ...running,
      terminal: tty,
      user,
      args: [...(request.Cmd ?? [])],
      env: mergeEnvironment(
        tty ? mergeEnvironment(environment, ["TERM=xterm"]) : environment,
        request.Env ?? [],
      ),
      cwd: request.WorkingDir || running.cwd,
      capabilities: capabilitySets(capabilities, user.uid),
    };
  }
}

async function userIn(rootfs: string, spec: string, groupAdd: readonly string[]) {
  using root = RootDir.open(rootfs);
  return await resolveUser(root, spec, groupAdd);
}

function namespaces(prepared: PreparedContainer): NamespaceChoice {
  const { hostConfig } = prepared.record;
  const {
    networkNamespace,
    joined: { pids },
  } = prepared;
  const joined = (pid: number | undefined, kind: string) =>
    pid ? { path: `/proc/${pid}/ns/${kind}` } : undefined;
  return {
    network: networkNamespace === undefined ? "host" : { path: networkNamespace },
    pid: joined(pids.pid, "pid") ?? (hostConfig.PidMode === "host" ? "host" : "private"),
    ipc: joined(pids.ipc, "ipc") ?? (hostConfig.IpcMode === "host" ? "host" : "private"),
    uts: hostConfig.UTSMode === "host" ? "host" : "private",
    cgroup: hostConfig.CgroupnsMode === "private" ? "private" : "host",
  };
}

import { join } from "node:path";
import { internal } from "../../../base/errors.ts";
import { shortId } from "../../../base/ids.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import { buildRuntimeSpec, findHostDevices } from "../../../drivers/runtime-oci/mod.ts";
import type { PluginMount } from "../../../spec/engine-api/mod.ts";
import type { RuntimeMount, RuntimeSpec } from "../../../spec/oci-runtime/mod.ts";
import { capabilitiesOf } from "../../../spec/plugin-config/mod.ts";
import type { ManagedPluginParts } from "./managed-plugin-parts.ts";

/** Where a plug-in makes its socket, and a log plug-in finds its pipes, as it sees them. Source: moby, plugin/v2. */
const SOCKET_DIR = "/run/docker/plugins";
const LOG_PIPES_DIR = "/run/docker/logging";

/**
 * The OCI document of a plug-in: that of a container with default rights, and what its config asks for beside them.
 * Errors: internal (a mount without a source), invalidArgument, notFound (no such device).
 */
export function buildPluginSpec(parts: ManagedPluginParts, record: ManagedPluginRecord): RuntimeSpec {
  const { config, settings, id } = record;
  const { paths } = parts;
  const spec = buildRuntimeSpec({
    args: [...(config.Entrypoint ?? []), ...settings.Args],
    config: { Env: settings.Env, WorkingDir: config.WorkDir },
    hostConfig: {
      CapAdd: config.Linux.Capabilities ?? [],
      Devices: settings.Devices.flatMap(({ Path: path }) =>
        path === null ? [] : [{ PathOnHost: path, PathInContainer: path, CgroupPermissions: "rwm" }],
      ),
      DeviceCgroupRules: config.Linux.AllowAllDevices ? ["a *:* rwm"] : [],
    },
    rootfs: paths.rootfs(record),
    hostname: shortId(id),
    user: { uid: config.User.UID ?? 0, gid: config.User.GID ?? 0 },
    mounts: [],
    files: {},
    namespaces: {
      network: config.Network.Type === "host" ? "host" : "none",
      pid: config.PidHost ? "host" : "private",
      ipc: config.IpcHost ? "host" : "private",
      uts: "private",
      cgroup: "private",
    },
    cgroupPath: join(parts.cgroupParent, id),
    host: parts.facts,
    devicesAt: findHostDevices,
  });
  const propagated = config.PropagatedMount;
  const mounts = [
    ...(propagated === "" ? [] : [bind(paths.propagatedMount(id), propagated, "rw", "rshared")]),
    bind(paths.socketDir(id), SOCKET_DIR, "rshared"),
    ...(config.Network.Type === "" ? [] : ["/etc/hosts", "/etc/resolv.conf"].map(hostFile)),
    ...(capabilitiesOf(config).includes("logdriver") ? [bind(parts.logPipesRoot, LOG_PIPES_DIR)] : []),
    ...settings.Mounts.map(mountOf),
  ];
  const replaced = new Set(mounts.map(({ destination }) => destination));
  return {
    ...spec,
    mounts: [...(spec.mounts ?? []).filter(({ destination }) => !replaced.has(destination)), ...mounts],
    linux: { ...spec.linux, ...(propagated === "" ? {} : { rootfsPropagation: "rshared" }) },
  };
}

function bind(source: string, destination: string, ...options: string[]): RuntimeMount {
  return { destination, source, type: "bind", options: ["rbind", ...options] };
}

function hostFile(path: string): RuntimeMount {
  return bind(path, path, "ro");
}

function mountOf({ Source: source, Destination: destination, Type: type, Options: options }: PluginMount) {
  if (source === null) throw internal("mount source is not specified");
  return { destination, source, type, options: [...(options ?? [])] };
}

import { join } from "node:path";
import { internal, isKind, notImplemented } from "../../base/errors.ts";
import type { CdiDeviceNode, CdiEdits, CdiHook, CdiMount } from "../../spec/cdi/mod.ts";
import type {
  DeviceRule,
  LinuxDevice,
  RuntimeHook,
  RuntimeHooks,
  RuntimeMount,
  RuntimeProcess,
  RuntimeSpec,
} from "../../spec/oci-runtime/mod.ts";

/** The device at a host path. Errors: notFound. */
export type HostDevices = (path: string) => readonly LinuxDevice[];

const ALL_ACCESS = "rwm";

/**
 * The document with those edits made, in the specification's order. Errors: internal (a device node that the host has
 * not), notImplemented (edits that no runtime here can make). Source: CDI specification, "OCI edits".
 */
export function applyCdiEdits(spec: RuntimeSpec, edits: CdiEdits, hostDevices: HostDevices): RuntimeSpec {
  if (edits.intelRdt) throw notImplemented("CDI edits of Intel RDT are not supported");
  if ((edits.netDevices ?? []).length > 0)
    throw notImplemented("CDI edits of network devices are not supported");
  let edited = spec;
  for (const node of edits.deviceNodes ?? []) edited = addDeviceNode(edited, node, hostDevices);
  for (const mount of edits.mounts ?? []) edited = addMount(edited, mount);
  for (const hook of edits.hooks ?? []) edited = addHook(edited, hook);
  if (!edited.process) return edited;
  return { ...edited, process: editProcess(edited.process, edits) };
}

function editProcess(process: RuntimeProcess, edits: CdiEdits): RuntimeProcess {
  const variables = new Map((process.env ?? []).map((entry) => [entry.split("=", 1)[0]!, entry]));
  for (const entry of edits.env ?? []) variables.set(entry.split("=", 1)[0]!, entry);
  const groups = (edits.additionalGids ?? []).filter((gid) => gid !== 0);
  const { user } = process;
  return {
    ...process,
    env: [...variables.values()],
    user: { ...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...groups])] },
  };
}

function addDeviceNode(spec: RuntimeSpec, node: CdiDeviceNode, hostDevices: HostDevices): RuntimeSpec {
  const owner = spec.process?.user;
  const found = node.type && (node.major || node.type === "p") ? undefined : lookUp(node, hostDevices);
  if (node.type && found && found.type !== node.type) {
    throw internal(
      `CDI device (${JSON.stringify(node.path)}, ${JSON.stringify(node.hostPath || node.path)}), host type mismatch (${node.type}, ${found.type})`,
    );
  }
  const device: LinuxDevice = {
    ...found,
    type: node.type || found!.type,
    path: join("/", node.path),
    ...definedOf({
      major: node.major || found?.major,
      minor: node.minor || found?.minor || (node.major ? 0 : undefined),
      fileMode: node.fileMode ?? found?.fileMode,
    }),
  };
  // The host's owner means nothing inside: the node belongs to who runs there.
  const { uid: _uid, gid: _gid, ...anonymous } = device;
  const owned: LinuxDevice = {
    ...anonymous,
    ...definedOf({ uid: node.uid ?? (owner?.uid || undefined), gid: node.gid ?? (owner?.gid || undefined) }),
  };
  const rules: DeviceRule[] = [...(spec.linux?.resources?.devices ?? [])];
  if (owned.type === "b" || owned.type === "c") {
    const { type, major, minor } = owned;
    rules.push({ allow: true, type, major: major!, minor: minor!, access: node.permissions || ALL_ACCESS });
  }
  const others = (spec.linux?.devices ?? []).filter(({ path }) => path !== owned.path);
  return {
    ...spec,
    linux: {
      ...spec.linux,
      devices: [...others, owned],
      resources: { ...spec.linux?.resources, devices: rules },
    },
  };
}

function lookUp(node: CdiDeviceNode, hostDevices: HostDevices): LinuxDevice {
  const path = node.hostPath || node.path;
  try {
    return hostDevices(path)[0]!;
  } catch (error) {
    if (!isKind(error, "notFound")) throw error;
    throw internal(`failed to stat CDI host device ${JSON.stringify(path)}: ${error.message}`, {
      cause: error,
    });
  }
}

function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function addMount(spec: RuntimeSpec, mount: CdiMount): RuntimeSpec {
  const options = [...(mount.options ?? [])];
  const type = mount.type || "bind";
  if (type === "bind" && !options.some((option) => option === "bind" || option === "rbind")) {
    options.unshift("rbind");
  }
  const added: RuntimeMount = {
    destination: join("/", mount.containerPath),
    source: mount.hostPath,
    type,
    options,
  };
  const others = (spec.mounts ?? []).filter(({ destination }) => destination !== added.destination);
  return { ...spec, mounts: [...others, added] };
}

function addHook(spec: RuntimeSpec, hook: CdiHook): RuntimeSpec {
  const { hookName, path, args, env, timeout } = hook;
  const added: RuntimeHook = {
    path,
    ...(args ? { args: [...args] } : {}),
    ...(env ? { env: [...env] } : {}),
    ...(timeout === undefined ? {} : { timeout }),
  };
  const hooks: RuntimeHooks = { ...spec.hooks };
  return { ...spec, hooks: { ...hooks, [hookName]: [...(hooks[hookName] ?? []), added] } };
}

import type { PluginConfig, PluginPrivilege } from "../../../spec/engine-api/mod.ts";
import { wrongPrivileges } from "./errors.ts";

/** What a plug-in with that config may do beyond an ordinary container. Source: moby, computePrivileges. */
export function privilegesOf(config: PluginConfig): PluginPrivilege[] {
  const { Network: network, Linux: linux } = config;
  const privilege = (Name: string, Description: string, ...Value: string[]) => ({ Name, Description, Value });
  const mounts = (config.Mounts ?? []).flatMap(({ Source }) => Source ?? []);
  const devices = (linux.Devices ?? []).flatMap(({ Path }) => Path ?? []);
  const capabilities = linux.Capabilities ?? [];
  return [
    ...(["", "null", "none", "bridge"].includes(network.Type)
      ? []
      : [privilege("network", "permissions to access a network", network.Type)]),
    ...(config.IpcHost
      ? [privilege("host ipc namespace", "allow access to host ipc namespace", "true")]
      : []),
    ...(config.PidHost
      ? [privilege("host pid namespace", "allow access to host pid namespace", "true")]
      : []),
    ...mounts.map((source) => privilege("mount", "host path to mount", source)),
    ...devices.map((path) => privilege("device", "host device to access", path)),
    ...(linux.AllowAllDevices
      ? [privilege("allow-all-devices", "allow 'rwm' access to all devices", "true")]
      : []),
    ...(capabilities.length > 0
      ? [privilege("capabilities", "list of additional capabilities required", ...capabilities)]
      : []),
  ];
}

/**
 * What was agreed to is what is needed, each privilege with each of its values, in any order. Errors: internal, docker's
 * text.
 */
export function checkPrivileges(
  needed: readonly PluginPrivilege[],
  granted: readonly PluginPrivilege[],
): void {
  const left = granted.map(keyOf);
  for (const privilege of needed) {
    const at = left.indexOf(keyOf(privilege));
    if (at < 0) throw wrongPrivileges();
    left.splice(at, 1);
  }
  if (left.length > 0) throw wrongPrivileges();
}

function keyOf({ Name, Value }: PluginPrivilege): string {
  return JSON.stringify([Name, [...Value].sort()]);
}

import { invalidArgument, messageOf } from "../../base/errors.ts";
import type { PluginConfig, PluginMount } from "../engine-api/mod.ts";
import { any, bool, list, readBody, type Schema, string, struct, uint } from "../go-json/mod.ts";

/** Media type of a plug-in's config in a registry. Source: docker's "Plugin Config Version 1". */
export const PLUGIN_CONFIG_MEDIA_TYPE = "application/vnd.docker.plugin.v1+json";

const named = { Name: string, Description: string, Settable: list(string) };
const mount = struct("Mount", {
  ...named,
  Source: string,
  Destination: string,
  Type: string,
  Options: list(string),
});
const schema: Schema = struct("Config", {
  Description: string,
  Documentation: string,
  Interface: struct("Interface", { Types: list(string), Socket: string, ProtocolScheme: string }),
  Entrypoint: list(string),
  WorkDir: string,
  User: struct("User", { UID: uint, GID: uint }),
  Network: struct("NetworkConfig", { Type: string }),
  Linux: struct("LinuxConfig", {
    Capabilities: list(string),
    AllowAllDevices: bool,
    Devices: list(struct("Device", { ...named, Path: string })),
  }),
  PropagatedMount: string,
  IpcHost: bool,
  PidHost: bool,
  Mounts: list(mount),
  Env: list(struct("Env", { ...named, Value: string })),
  Args: struct("Args", { ...named, Value: list(string) }),
  rootfs: any,
});

const NETWORKS: ReadonlySet<string> = new Set(["", "bridge", "host", "none", "null"]);

/**
 * Reads a plug-in's `config.json`, names of fields in any case. The result has every field that the API shows.
 * Errors: invalidArgument for what is no config, and for one that no engine could run safely.
 */
export function parsePluginConfig(text: string): PluginConfig {
  let config: PluginConfig;
  try {
    config = complete(readBody<Partial<PluginConfig>>(schema, JSON.parse(text)));
  } catch (error) {
    throw invalidArgument(`failed to parse config: ${messageOf(error)}`, { cause: error });
  }
  check(config);
  return config;
}

function complete(given: Partial<PluginConfig>): PluginConfig {
  const settable = <T extends { Name?: string; Description?: string; Settable?: string[] | null }>(
    each: T,
  ) => ({
    ...each,
    Name: each.Name ?? "",
    Description: each.Description ?? "",
    Settable: each.Settable ?? null,
  });
  return {
    Args: { ...settable(given.Args ?? {}), Value: given.Args?.Value ?? null },
    Description: given.Description ?? "",
    Documentation: given.Documentation ?? "",
    Entrypoint: given.Entrypoint ?? null,
    Env: given.Env?.map((each) => ({ ...settable(each), Value: each.Value ?? null })) ?? null,
    Interface: {
      ...(given.Interface?.ProtocolScheme ? { ProtocolScheme: given.Interface.ProtocolScheme } : {}),
      Socket: given.Interface?.Socket ?? "",
      Types: given.Interface?.Types ?? null,
    },
    IpcHost: given.IpcHost ?? false,
    Linux: {
      AllowAllDevices: given.Linux?.AllowAllDevices ?? false,
      Capabilities: given.Linux?.Capabilities ?? null,
      Devices: given.Linux?.Devices?.map((each) => ({ ...settable(each), Path: each.Path ?? null })) ?? null,
    },
    Mounts:
      given.Mounts?.map(
        (each): PluginMount => ({
          ...settable(each),
          Source: each.Source ?? null,
          Destination: each.Destination ?? "",
          Type: each.Type ?? "",
          Options: each.Options ?? null,
        }),
      ) ?? null,
    Network: { Type: given.Network?.Type ?? "" },
    PidHost: given.PidHost ?? false,
    PropagatedMount: given.PropagatedMount ?? "",
    User: given.User ?? {},
    WorkDir: given.WorkDir ?? "",
    ...(given.rootfs === undefined ? {} : { rootfs: given.rootfs }),
  };
}

/**
 * Paths become parts of paths on the host, so they are checked before anything is made of them. What is missing is only
 * missed by a plug-in that is to run.
 */
function check({
  Interface: face,
  Network,
  PropagatedMount: propagated,
  Mounts: mounts,
}: PluginConfig): void {
  if (face.Socket !== "" && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(face.Socket)) {
    throw invalidArgument(`invalid plugin config: interface socket ${JSON.stringify(face.Socket)}`);
  }
  if (face.ProtocolScheme && face.ProtocolScheme !== "moby.plugins.http/v1") {
    throw invalidArgument(`unsupported plugin protocol ${face.ProtocolScheme}`);
  }
  if (!NETWORKS.has(Network.Type)) {
    throw invalidArgument(`invalid plugin config: network type ${JSON.stringify(Network.Type)}`);
  }
  if (propagated !== "" && !isCleanPath(propagated)) {
    throw invalidArgument(`invalid plugin config: propagated mount ${JSON.stringify(propagated)}`);
  }
  for (const { Destination: destination } of mounts ?? []) {
    if (destination !== "" && !isCleanPath(destination)) {
      throw invalidArgument(`invalid plugin config: mount destination ${JSON.stringify(destination)}`);
    }
  }
}

/** Errors: invalidArgument where the config, which may be stored, lacks what a process needs. */
export function requireRunnable({ Interface: face, Mounts: mounts }: PluginConfig): void {
  if (face.Socket === "") throw invalidArgument('invalid plugin config: interface socket ""');
  if (mounts?.some(({ Destination: destination }) => destination === "")) {
    throw invalidArgument('invalid plugin config: mount destination ""');
  }
}

function isCleanPath(path: string): boolean {
  return path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0");
}

/** What a plug-in says that it is, `docker.volumedriver/1.0` as `volumedriver`; what is not docker's is left out. */
export function capabilitiesOf({ Interface: { Types: types } }: PluginConfig): string[] {
  return (types ?? []).flatMap((type) => {
    const name = type.split("/")[0]!;
    return name.startsWith("docker.") ? [name.slice("docker.".length)] : [];
  });
}

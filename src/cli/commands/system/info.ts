import { formatBinarySize } from "../../../base/bytes.ts";
import { messageOf } from "../../../base/errors.ts";
import { engineInfo } from "../../../client/system/info.ts";
import type { SystemInfo } from "../../../spec/engine-api/mod.ts";
import type { Cli } from "../../cli.ts";
import type { CliPlugin } from "../../cli-plugins/cli-plugin.ts";
import { type ClientVersion, clientVersion } from "../../client-version.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";

type Line = string | false | undefined;

/** Lines behind ` `, those that are false or undefined left out. */
function lines(items: readonly Line[]): string {
  return items
    .filter((line) => typeof line === "string")
    .map((line) => ` ${line}\n`)
    .join("");
}

function pairs(values: ReadonlyArray<readonly [string, string]> | null | undefined): Line[] {
  return (values ?? []).map(([key, value]) => ` ${key}: ${value}`);
}

/** `name=seccomp,profile=default` as a name with its settings below. */
function securityLines(options: readonly string[] | null): Line[] {
  if (!options || options.length === 0) return [];
  const shown = options.flatMap((option) => {
    const entries = option.split(",").map((pair) => pair.split("=") as [string, string]);
    const settings = entries.filter(([key]) => key !== "name");
    const name = entries.find(([key]) => key === "name")?.[1] ?? option;
    return [
      ` ${name}`,
      ...settings.map(([key, value]) => `  ${key[0]!.toUpperCase()}${key.slice(1)}: ${value}`),
    ];
  });
  return ["Security Options:", ...shown];
}

function swarmLines({ Swarm }: SystemInfo): Line[] {
  const active = Swarm.LocalNodeState !== "" && Swarm.LocalNodeState !== "inactive";
  return [
    `Swarm: ${Swarm.LocalNodeState || "inactive"}`,
    active && ` NodeID: ${Swarm.NodeID}`,
    active && Swarm.Error !== "" && ` Error: ${Swarm.Error}`,
    active && ` Is Manager: ${Swarm.ControlAvailable}`,
    active && ` Node Address: ${Swarm.NodeAddr}`,
  ];
}

function listed(title: string, values: readonly string[] | null | undefined): Line[] {
  return values && values.length > 0 ? [title, ...values.map((value) => ` ${value}`)] : [];
}

function engineLines(info: SystemInfo): Line[] {
  const firewall = info.FirewallBackend;
  return [
    `Containers: ${info.Containers}`,
    ` Running: ${info.ContainersRunning}`,
    ` Paused: ${info.ContainersPaused}`,
    ` Stopped: ${info.ContainersStopped}`,
    `Images: ${info.Images}`,
    info.ServerVersion !== "" && `Server Version: ${info.ServerVersion}`,
    `Storage Driver: ${info.Driver}`,
    ...pairs(info.DriverStatus),
    `Logging Driver: ${info.LoggingDriver}`,
    `Cgroup Driver: ${info.CgroupDriver}`,
    info.CgroupVersion !== undefined && `Cgroup Version: ${info.CgroupVersion}`,
    "Plugins:",
    ` Volume: ${(info.Plugins.Volume ?? []).join(" ")}`,
    ` Network: ${(info.Plugins.Network ?? []).join(" ")}`,
    info.Plugins.Authorization?.length
      ? ` Authorization: ${info.Plugins.Authorization.join(" ")}`
      : undefined,
    ` Log: ${(info.Plugins.Log ?? []).join(" ")}`,
    ...listed("CDI spec directories:", info.CDISpecDirs),
    ...listed(
      "Discovered Devices:",
      info.DiscoveredDevices?.map(({ Source, ID }) => `${Source}: ${ID}`),
    ),
    ...swarmLines(info),
    `Runtimes: ${Object.keys(info.Runtimes).sort().join(" ")}`,
    `Default Runtime: ${info.DefaultRuntime}`,
    `Init Binary: ${info.InitBinary}`,
    `containerd version: ${info.ContainerdCommit.ID}`,
    `runc version: ${info.RuncCommit.ID}`,
    `init version: ${info.InitCommit.ID}`,
    ...securityLines(info.SecurityOptions),
    ...hostLines(info),
    ...registryLines(info),
    `Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    info.ProductLicense ? `Product License: ${info.ProductLicense}` : undefined,
    ...(info.DefaultAddressPools?.length
      ? [
          "Default Address Pools:",
          ...info.DefaultAddressPools.map(({ Base, Size }) => `  Base: ${Base}, Size: ${Size}`),
        ]
      : []),
    firewall && `Firewall Backend: ${firewall.Driver}`,
    ...pairs(firewall?.Info),
  ];
}

function hostLines(info: SystemInfo): Line[] {
  return [
    `Kernel Version: ${info.KernelVersion}`,
    `Operating System: ${info.OperatingSystem}`,
    `OSType: ${info.OSType}`,
    `Architecture: ${info.Architecture}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${formatBinarySize(info.MemTotal)}`,
    `Name: ${info.Name}`,
    `ID: ${info.ID}`,
    `Docker Root Dir: ${info.DockerRootDir}`,
    `Debug Mode: ${info.Debug}`,
    info.Debug && ` File Descriptors: ${info.NFd}`,
    info.Debug && ` Goroutines: ${info.NGoroutines}`,
    info.Debug && ` System Time: ${info.SystemTime}`,
    info.Debug && ` EventsListeners: ${info.NEventsListener}`,
    info.HttpProxy !== "" && `HTTP Proxy: ${info.HttpProxy}`,
    info.HttpsProxy !== "" && `HTTPS Proxy: ${info.HttpsProxy}`,
    info.NoProxy !== "" && `No Proxy: ${info.NoProxy}`,
    ...listed("Labels:", info.Labels),
    `Experimental: ${info.ExperimentalBuild}`,
  ];
}

function registryLines({ RegistryConfig }: SystemInfo): Line[] {
  if (!RegistryConfig) return [];
  const insecure = [
    ...Object.values(RegistryConfig.IndexConfigs)
      .filter(({ Secure }) => !Secure)
      .map(({ Name }) => Name),
    ...(RegistryConfig.InsecureRegistryCIDRs ?? []),
  ];
  return [
    ...listed("Insecure Registries:", insecure),
    ...listed("Registry Mirrors:", RegistryConfig.Mirrors),
  ];
}

interface ClientInfo extends ClientVersion {
  readonly Debug: boolean;
  readonly Plugins: readonly CliPlugin[];
  readonly Warnings: null;
}

async function clientInfo(cli: Cli): Promise<ClientInfo> {
  const { listPlugins } = await import("../../cli-plugins/find-plugin.ts");
  const plugins = await listPlugins(cli);
  return { Debug: cli.globals.debug, ...clientVersion(cli), Plugins: plugins, Warnings: null };
}

function pluginLines({ Name, Vendor, Version, ShortDescription, Path }: CliPlugin): Line[] {
  return [
    ` ${Name}: ${ShortDescription ?? ""} (${Vendor ?? ""})`,
    Version ? `   Version:  ${Version}` : undefined,
    `   Path:     ${Path}`,
  ];
}

function clientText({ Version, Context, Debug, Plugins }: ClientInfo): string {
  const working = Plugins.filter(({ Err }) => Err === undefined);
  return `Client:\n${lines([
    `Version:    ${Version}`,
    `Context:    ${Context}`,
    `Debug Mode: ${Debug}`,
    working.length > 0 && "Plugins:",
    ...working.flatMap(pluginLines),
  ])}`;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: { format: string(OBJECT_FORMAT_USAGE, { short: "f" }) },
  run: async (cli, { flags }) => {
    let info: SystemInfo | undefined;
    let failure = "";
    try {
      info = await engineInfo(await cli.client());
    } catch (error) {
      failure = messageOf(error);
    }
    const client = await clientInfo(cli);
    if (flags.format !== "") {
      const { printObject } = await import("../../print-object.ts");
      printObject(
        cli,
        { ...info, ClientInfo: client },
        { struct: "system.dockerInfo", format: flags.format },
      );
      if (failure !== "") throw new ExitError(1, failure);
      return 0;
    }
    cli.write(clientText(client));
    for (const { Path, Err } of client.Plugins)
      if (Err !== undefined) cli.warn(`WARNING: Plugin ${JSON.stringify(Path)} is not valid: ${Err}`);
    cli.write("\nServer:\n");
    if (!info) throw new ExitError(1, failure);
    cli.write(`${lines(engineLines(info))}\n`);
    for (const warning of info.Warnings ?? []) cli.warn(warning);
    return 0;
  },
});

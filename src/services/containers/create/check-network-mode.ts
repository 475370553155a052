import { invalidArgument } from "../../../base/errors.ts";
import type { ContainerConfig, HostConfig } from "../../../spec/engine-api/mod.ts";

const some = (value: object | null | undefined) => Object.keys(value ?? {}).length > 0;

/**
 * Refuses what a container cannot have of its own in a network or host name that are another's. `config` is what was
 * asked for, before the image's part. Errors: invalidArgument, docker's texts.
 */
export function checkNetworkMode(config: ContainerConfig, hostConfig: HostConfig): void {
  const mode = hostConfig.NetworkMode ?? "";
  if (mode === "container" || mode === "container:") {
    throw invalidArgument("invalid network mode: invalid container format container:<name|id>");
  }
  const refuse = (what: string) => {
    throw invalidArgument(`conflicting options: ${what}`);
  };
  if (mode.startsWith("container:")) {
    if (config.Hostname) refuse("hostname and the network mode");
    if (some(hostConfig.Dns)) refuse("dns and the network mode");
    if (some(hostConfig.ExtraHosts)) refuse("custom host-to-IP mapping and the network mode");
    if (some(hostConfig.PortBindings) || hostConfig.PublishAllPorts) {
      refuse("port publishing and the container type network mode");
    }
    if (some(config.ExposedPorts)) refuse("port exposing and the container type network mode");
  }
  if (hostConfig.UTSMode === "host" && config.Hostname) refuse("hostname and the UTS mode");
}

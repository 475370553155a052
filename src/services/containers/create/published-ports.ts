import { isIP } from "node:net";
import { invalidArgument } from "../../../base/errors.ts";
import type { PortBinding } from "../../../core/networks/network-record.ts";
import type { ContainerConfig, HostConfig } from "../../../spec/engine-api/mod.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** Port and protocol of a key such as `80/tcp` or `80`. Errors: invalidArgument, docker's texts. */
export function parsePortKey(key: string): {
  readonly port: number;
  readonly protocol: PortBinding["protocol"];
} {
  const [portText, protocolText = "tcp"] = key.split("/");
  const port = parsePort(portText ?? "");
  if (port === undefined || port === 0) throw invalidArgument(`invalid port specification: "${key}"`);
  const protocol = PROTOCOLS.find((known) => known === protocolText.toLowerCase());
  if (!protocol) throw invalidArgument(`invalid port specification: "${key}"`);
  return { port, protocol };
}

function parseHostPort(text: string): { readonly first: number; readonly last: number } {
  if (text === "") return { first: 0, last: 0 };
  const [firstText, lastText] = text.split("-");
  const first = parsePort(firstText!);
  const last = lastText === undefined ? first : parsePort(lastText);
  if (first === undefined || last === undefined || last < first) {
    throw invalidArgument(`invalid port specification: "${text}"`);
  }
  return { first, last };
}

/**
 * What `PortBindings` asks for, in a steady order. With `PublishAllPorts` every exposed port without a binding of its own gets a
 * free one. Errors: invalidArgument.
 */
export function publishedPorts(config: ContainerConfig, hostConfig: HostConfig): PortBinding[] {
  const requested = { ...hostConfig.PortBindings };
  if (hostConfig.PublishAllPorts) {
    for (const key of Object.keys(config.ExposedPorts ?? {})) {
      if ((requested[key] ?? []).length === 0) requested[key] = [{}];
    }
  }
  const bindings: PortBinding[] = [];
  for (const [key, hostBindings] of Object.entries(requested)) {
    const { port, protocol } = parsePortKey(key);
    for (const { HostIp: hostIp = "", HostPort: hostPort = "" } of hostBindings ?? []) {
      if (hostIp !== "" && isIP(hostIp) === 0) throw invalidArgument(`invalid host IP address: ${hostIp}`);
      const { first, last } = parseHostPort(hostPort);
      bindings.push({ protocol, containerPort: port, hostIp, hostPort: first, hostPortEnd: last });
    }
  }
  return bindings.sort(
    (a, b) =>
      Number(hasChoice(a)) - Number(hasChoice(b)) ||
      a.containerPort - b.containerPort ||
      a.protocol.localeCompare(b.protocol),
  );
}

/** Whether any of several ports of the host will do: such a binding must not take what another one names. */
function hasChoice({ hostPort, hostPortEnd }: PortBinding): boolean {
  return hostPort === 0 || hostPort !== hostPortEnd;
}

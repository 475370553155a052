import { invalidArgument } from "../../base/errors.ts";
import type { PortMap, PortSet } from "../../spec/engine-api/mod.ts";
import { ipVersion } from "./ip-version.ts";

export interface PublishedPorts {
  readonly exposed: PortSet;
  readonly bindings: PortMap;
}

const PROTOCOLS = ["tcp", "udp", "sctp"];

/** First and last port of `80` or `8000-8010`; undefined where it is neither. */
function parsePortRange(text: string): [first: number, last: number] | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  return last > 65535 || first > last ? undefined : [first, last];
}

interface Spec {
  readonly ip: string;
  readonly hostPort: string;
  readonly containerPort: string;
}

function splitSpec(text: string): Spec {
  const parts = text.split(":");
  const containerPort = parts.pop()!;
  const hostPort = parts.pop() ?? "";
  return { ip: parts.join(":"), hostPort, containerPort };
}

function splitProtocol(text: string): [port: string, protocol: string] {
  const slash = text.indexOf("/");
  if (slash < 0) return [text, "tcp"];
  return [text.slice(0, slash), text.slice(slash + 1) || "tcp"];
}

function bareIp(ip: string): string {
  const bare = ip.startsWith("[") && ip.endsWith("]") ? ip.slice(1, -1) : ip;
  if (bare !== "" && ipVersion(bare) === 0) throw invalidArgument(`invalid IP address: ${ip}`);
  return bare;
}

/** `published=8080,target=80,protocol=udp` in the form with colons. */
function standardForm(text: string): string {
  if (!text.includes("=")) return text;
  const fields: Record<string, string> = { protocol: "tcp" };
  for (const field of text.split(",")) {
    const [key, value] = field.split("=", 2);
    if (!value)
      throw invalidArgument(`invalid publish opts format (should be name=value but got '${field}')`);
    fields[key!] = value;
  }
  return `${fields["published"] ?? ""}:${fields["target"] ?? ""}/${fields["protocol"]}`;
}

function addSpec(result: PublishedPorts, text: string): void {
  const spec = splitSpec(text);
  const [containerPort, protocol] = splitProtocol(spec.containerPort);
  const ip = bareIp(spec.ip);
  if (containerPort === "") throw invalidArgument(`no port specified: ${text}<empty>`);
  const container = parsePortRange(containerPort);
  if (!container) throw invalidArgument(`invalid containerPort: ${containerPort}`);
  const host = spec.hostPort === "" ? undefined : parsePortRange(spec.hostPort);
  if (spec.hostPort !== "" && !host) throw invalidArgument(`invalid hostPort: ${spec.hostPort}`);
  const [first, last] = container;
  // A range of host ports for one container port means: any free one of these.
  const pool = host !== undefined && first === last && host[0] !== host[1];
  if (host && !pool && last - first !== host[1] - host[0])
    throw invalidArgument(
      `invalid ranges specified for container and host Ports: ${containerPort} and ${spec.hostPort}`,
    );
  if (!PROTOCOLS.includes(protocol.toLowerCase())) throw invalidArgument(`invalid proto: ${protocol}`);
  for (let port = first; port <= last; port++) {
    const key = `${port}/${protocol.toLowerCase()}`;
    const hostPort = !host ? "" : pool ? `${host[0]}-${host[1]}` : String(host[0] + port - first);
    result.exposed[key] = {};
    const bindings = result.bindings[key] ?? [];
    bindings.push({ HostIp: ip, HostPort: hostPort });
    result.bindings[key] = bindings;
  }
}

/**
 * Ports of `--publish` values: `[[ip:]hostPort:]containerPort[/protocol]`, with ranges, or `key=value` pairs.
 * Errors: invalidArgument with the text docker prints.
 */
export function parsePublish(values: readonly string[]): PublishedPorts {
  const result: PublishedPorts = { exposed: {}, bindings: {} };
  for (const value of values) addSpec(result, standardForm(value));
  return result;
}

/** Ports of `--expose` values: `port[-port][/protocol]`. */
export function parseExpose(values: readonly string[]): PortSet {
  const exposed: PortSet = {};
  for (const value of values) {
    if (value.includes(":")) throw invalidArgument(`invalid port format for --expose: ${value}`);
    const [text, protocol] = splitProtocol(value);
    const range = parsePortRange(text);
    if (!range)
      throw invalidArgument(`invalid range format for --expose: ${value}, error: ${rangeProblem(text)}`);
    for (let port = range[0]; port <= range[1]; port++) exposed[`${port}/${protocol}`] = {};
  }
  return exposed;
}

function rangeProblem(text: string): string {
  if (text === "") return "empty string specified for ports";
  const [first, last] = text.split("-", 2);
  for (const part of last === undefined ? [first!] : [first!, last]) {
    const quoted = JSON.stringify(part);
    if (!/^\d+$/.test(part)) return `strconv.ParseUint: parsing ${quoted}: invalid syntax`;
    if (Number(part) > 65535) return `strconv.ParseUint: parsing ${quoted}: value out of range`;
  }
  return `invalid range specified for port: ${text}`;
}

import { BlockList, isIP } from "node:net";
import { hostnameOf, isLoopbackAddress } from "./host-name.ts";

type Environment = Readonly<Record<string, string | undefined>>;

function variable(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || "";
}

/**
 * The proxy that requests to `url` go through; undefined for none. Loopback never goes through a proxy.
 * Source: Go's `httpproxy.FromEnvironment`, which dockerd's users write their settings for.
 */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const name = hostnameOf(url.host).toLowerCase();
  if (name === "localhost" || isLoopbackAddress(name)) return undefined;
  const proxy = variable(environment, url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === "" || isExempt(url, name, variable(environment, "NO_PROXY"))) return undefined;
  return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
}

function isExempt(url: URL, name: string, list: string): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && entryMatches(entry, name, port));
}

function entryMatches(entry: string, name: string, port: string): boolean {
  if (entry === "*") return true;
  const network = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (network) return inSubnet(name, network[1]!, Number(network[2]));
  const withPort = /^(.*):(\d+)$/.exec(entry);
  const isAddress = isIP(entry) !== 0;
  if (withPort && !isAddress && withPort[2] !== port) return false;
  const host = (withPort && !isAddress ? withPort[1]! : entry).replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return host === name;
  const suffix = host.replace(/^\*/, "");
  return suffix.startsWith(".") ? name.endsWith(suffix) : name === suffix || name.endsWith(`.${suffix}`);
}

function inSubnet(name: string, address: string, prefix: number): boolean {
  const family = isIP(name);
  if (family === 0 || isIP(address) !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return list.check(name, family === 4 ? "ipv4" : "ipv6");
}

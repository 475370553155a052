import { resolveEndpoint } from "../../client/config/resolve-endpoint.ts";
import type { Cli } from "../cli.ts";
import { endpointSources } from "../endpoint-sources.ts";

/** Keys of `proxies` in the configuration, and the variables that programs look for. */
const VARIABLES = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  noProxy: "NO_PROXY",
  ftpProxy: "FTP_PROXY",
  allProxy: "ALL_PROXY",
} as const;

/** Values of such variables. */
export type ProxyVariables = Readonly<Record<string, string>>;

/** The proxies that the configuration has for containers of the engine in use, in both spellings of the variables. */
export function proxiesOf(cli: Cli): ProxyVariables {
  const { proxies } = cli.config;
  if (!proxies) return {};
  const { host } = resolveEndpoint(endpointSources(cli)).endpoint;
  const settings = proxies[host] ?? proxies["default"] ?? {};
  const pairs = Object.entries(VARIABLES).flatMap(([key, name]) => {
    const value = settings[key];
    return value ? [[name, value] as const, [name.toLowerCase(), value] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** An environment with the proxies that it has not named itself. */
export function withProxies(environment: readonly string[], proxies: ProxyVariables): string[] {
  const named = new Set(environment.map((pair) => pair.split("=", 1)[0]));
  const added = Object.entries(proxies).filter(([name]) => !named.has(name));
  return [...environment, ...added.map(([name, value]) => `${name}=${value}`)];
}

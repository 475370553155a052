import { isIP } from "node:net";
import { invalidArgument } from "../base/errors.ts";
import { maskCredentials } from "./setting-values.ts";

/** The settings that say how registries are reached, by their flags' names. */
export interface RegistrySettingValues {
  readonly "insecure-registry": readonly string[];
  readonly "registry-mirror": readonly string[];
  readonly "max-concurrent-downloads": number;
  readonly "max-concurrent-uploads": number;
  readonly "max-download-attempts": number;
}

/**
 * The settings in the form that the engine uses. Errors: invalidArgument with docker's texts.
 * Source: moby daemon/config/config.go (Validate), daemon/pkg/registry/config.go.
 */
export function checkRegistrySettings<T extends RegistrySettingValues>(settings: T): T {
  for (const what of ["downloads", "uploads"] as const) {
    const limit = settings[`max-concurrent-${what}`];
    if (limit < 0) throw invalidArgument(`invalid max concurrent ${what}: ${limit}`);
  }
  const attempts = settings["max-download-attempts"];
  if (attempts <= 0) throw invalidArgument(`invalid max download attempts: ${attempts}`);
  return {
    ...settings,
    "insecure-registry": settings["insecure-registry"].map(checkInsecureRegistry),
    "registry-mirror": [...new Set(settings["registry-mirror"].map(checkMirror))],
  };
}

function checkMirror(text: string): string {
  const wanted = "must use either 'https://' or 'http://'";
  const scheme = /^([^:/]+):\/\//.exec(text)?.[1];
  const fail = (problem: string) => invalidArgument(`invalid mirror: ${problem}`);
  if (scheme === undefined) throw fail(`no scheme specified for ${JSON.stringify(text)}: ${wanted}`);
  if (!URL.canParse(text)) throw fail(`${JSON.stringify(text)} is not a valid URI`);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw fail(
      `unsupported scheme ${JSON.stringify(url.protocol.slice(0, -1))} in ${JSON.stringify(text)}: ${wanted}`,
    );
  }
  if (text.includes("?") || text.includes("#")) {
    throw fail(`query or fragment at end of the URI ${JSON.stringify(text)}`);
  }
  if (url.username !== "" || url.password !== "") {
    const hidden = text.replace(/\/\/[^@]*@/, `//${url.username}:xxxxx@`);
    throw fail(`username/password not allowed in URI ${JSON.stringify(hidden)}`);
  }
  return `${text.replace(/\/$/, "")}/`;
}

function checkInsecureRegistry(text: string): string {
  const [, scheme, rest] = /^([^:/]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    throw invalidArgument(`insecure registry ${text} should not contain '://'`);
  }
  const registry = rest ?? text;
  if (isNetwork(registry) || isIP(registry) !== 0) return registry;
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(registry) ?? [];
  const fail = (problem: string) =>
    invalidArgument(`insecure registry ${registry} is not valid: invalid ${problem}`);
  const isHost = bracketed === undefined ? isHostName(name ?? "") : isIP(bracketed) === 6;
  if (!isHost) throw fail(`host ${JSON.stringify(name === undefined ? registry : name)}`);
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65_535)) {
    throw fail(`port ${JSON.stringify(port)}`);
  }
  return registry;
}

function isNetwork(text: string): boolean {
  const [address = "", length = ""] = text.split("/");
  const family = isIP(address);
  return family !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128);
}

function isHostName(text: string): boolean {
  return /^([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text);
}

/** How outgoing traffic leaves, by the flags' names; empty for what the environment says. */
export interface ProxySettingValues {
  readonly "http-proxy": string;
  readonly "https-proxy": string;
  readonly "no-proxy": string;
}

/** `environment` with the daemon's own proxies in place of those that it names. */
export function proxyEnvironment(
  settings: ProxySettingValues,
  environment: NodeJS.ProcessEnv,
): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = { ...environment };
  for (const key of ["http-proxy", "https-proxy", "no-proxy"] as const) {
    if (settings[key] === "") continue;
    const name = key.toUpperCase().replace("-", "_");
    result[name] = settings[key];
    delete result[name.toLowerCase()];
  }
  return result;
}

/** `{"http-proxy": "http://proxy:3128", "https-proxy": …, "no-proxy": "localhost,10.0.0.0/8"}` of the configuration file. */
export function proxiesOf(value: unknown): Partial<ProxySettingValues> {
  const known = ["http-proxy", "https-proxy", "no-proxy"];
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [["", undefined]];
  for (const [key, text] of entries) {
    if (known.includes(key as string) && typeof text === "string") continue;
    throw invalidArgument(`directive proxies should hold texts named ${known.join(", ")}`);
  }
  return Object.fromEntries(entries);
}

/** How the daemon's own traffic leaves, with what is secret covered. */
export function shownProxies(settings: ProxySettingValues, environment: NodeJS.ProcessEnv) {
  const effective = proxyEnvironment(settings, environment);
  const show = (name: string) =>
    maskCredentials(effective[name.toUpperCase()] || effective[name.toLowerCase()] || "");
  return { http: show("HTTP_PROXY"), https: show("HTTPS_PROXY"), except: show("NO_PROXY") };
}

/** What an environment says of proxies and the daemon's own go before, with what is secret covered. */
export function overriddenProxies(
  settings: ProxySettingValues,
  environment: NodeJS.ProcessEnv,
): Array<{ readonly name: string; readonly oldValue: string; readonly newValue: string }> {
  return (["http-proxy", "https-proxy", "no-proxy"] as const).flatMap((key) => {
    const upper = key.toUpperCase().replace("-", "_");
    const own = settings[key];
    return [upper, upper.toLowerCase()].flatMap((name) => {
      const old = environment[name];
      if (own === "" || !old || old === own) return [];
      return [{ name, oldValue: maskCredentials(old), newValue: maskCredentials(own) }];
    });
  });
}

/** What the settings say to those who talk to registries. */
export function registryAccess(settings: RegistrySettingValues & ProxySettingValues) {
  return {
    insecureRegistries: settings["insecure-registry"],
    mirrors: settings["registry-mirror"],
    attempts: settings["max-download-attempts"],
    environment: proxyEnvironment(settings, process.env),
  };
}

/** Layers on their way at a time. For docker, 0 is no limit. */
export function transferLimits(settings: RegistrySettingValues) {
  return {
    maxConcurrentDownloads: settings["max-concurrent-downloads"] || Number.MAX_SAFE_INTEGER,
    maxConcurrentUploads: settings["max-concurrent-uploads"] || Number.MAX_SAFE_INTEGER,
  };
}

import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseBinarySize } from "../base/bytes.ts";
import { invalidArgument } from "../base/errors.ts";
import type { FlagSet, FlagValues } from "../cli/flags/flag.ts";
import { parseFlags } from "../cli/flags/parse.ts";
import { bool, int, list, map, string } from "../cli/flags/types.ts";
import { CONTAINER_FLAGS, checkContainerSettings, containerValueOf } from "./container-settings.ts";
import { checkRegistrySettings, proxiesOf } from "./registry-settings.ts";

/** Where the default engine keeps things. */
export const DEFAULT_DATA_ROOT = "/var/lib/gantry";
export const DEFAULT_RUN_ROOT = "/run/gantry";
const DEFAULT_CONFIG_FILE = "/etc/gantry/daemon.json";

/** The daemon's flags: dockerd's names, forms and meanings. */
export const DAEMON_FLAGS = {
  ...CONTAINER_FLAGS,
  "add-runtime": map("Register an additional OCI compatible runtime"),
  "allow-direct-routing": bool("Allow remote access to published ports on container IP addresses"),
  "allow-insecure-tcp": bool(
    "Listen on TCP addresses of the network without TLS: everybody who reaches the port controls this machine",
  ),
  "authorization-plugin": list("Authorization plugins to load"),
  bip: string("Network bridge IP"),
  bridge: string("Attach containers to a network bridge", { short: "b" }),
  "cgroup-parent": string("Set parent cgroup for all containers"),
  "config-file": string("Daemon configuration file", { default: DEFAULT_CONFIG_FILE }),
  "data-root": string("Root directory of persistent state", { default: DEFAULT_DATA_ROOT }),
  debug: bool("Enable debug mode", { short: "D" }),
  "default-address-pool": list("Default address pools for node specific local networks", {
    validate: checkAddressPool,
  }),
  "default-network-opt": list("Default network options", { validate: checkNetworkOption }),
  "default-gateway": string("Default gateway IPv4 address"),
  "default-gateway-v6": string("Default gateway IPv6 address"),
  "default-runtime": string("Default OCI runtime for containers"),
  dns: list("DNS server to use", { validate: checkAddress }),
  "dns-opt": list("DNS options to use"),
  "dns-search": list("DNS search domains to use", { validate: checkDnsSearch }),
  "exec-root": string("Root directory for execution state files", { default: DEFAULT_RUN_ROOT }),
  "firewall-backend": string("Firewall backend to use, iptables or nftables", { default: "nftables" }),
  "fixed-cidr": string("IPv4 subnet for the default bridge network"),
  "fixed-cidr-v6": string("IPv6 subnet for the default bridge network"),
  group: string("Group for the unix socket", { short: "G" }),
  host: list("Daemon socket(s) to connect to", { short: "H" }),
  "host-gateway-ip": list(
    "IP addresses that the special 'host-gateway' string in --add-host resolves to. Defaults to the IP addresses of the default bridge",
    { validate: checkAddress },
  ),
  "http-proxy": string("HTTP proxy URL to use for outgoing traffic"),
  "https-proxy": string("HTTPS proxy URL to use for outgoing traffic"),
  icc: bool("Enable inter-container communication for the default bridge network", { default: true }),
  "image-gc": map("Keep the image store below a size: max-used-space=20GB", { validate: checkImageGc }),
  ip: string("Host IP for port publishing from the default bridge network", { default: "0.0.0.0" }),
  "ip-forward": bool("Enable IP forwarding in system configuration", { default: true }),
  "ip-masq": bool("Enable IP masquerading for the default bridge network", { default: true }),
  ip6tables: bool("Enable addition of packet filter rules for IPv6", { default: true }),
  iptables: bool("Enable addition of packet filter rules", { default: true }),
  ipv6: bool("Enable IPv6 networking for the default bridge network"),
  "insecure-registry": list("Enable insecure registry communication"),
  label: list("Set key=value labels to the daemon"),
  "live-restore": bool("Keep containers running while the daemon does not, and take them over again", {
    default: true,
  }),
  "log-driver": string("Default driver for container logs", { default: "json-file" }),
  "log-opt": map("Default log driver options for containers"),
  "log-level": string('Set the logging level ("debug"|"info"|"warn"|"error")', {
    short: "l",
    default: "info",
  }),
  "max-concurrent-downloads": int("Set the max concurrent downloads", { default: 3 }),
  "max-concurrent-uploads": int("Set the max concurrent uploads", { default: 5 }),
  "max-download-attempts": int("Set the max download attempts for each pull", { default: 5 }),
  mtu: int("Set the containers network MTU", { default: 1500 }),
  "no-proxy": string("Comma-separated list of hosts or IP addresses for which the proxy is skipped"),
  pidfile: string("Path to use for daemon PID file", { short: "p" }),
  "registry-mirror": list("Preferred registry mirror"),
  "respect-host-firewall": bool(
    "Let published ports in only where the host's own input rules accept them, as if a program of the host listened",
  ),
  "shutdown-timeout": int("Set the default shutdown timeout", { default: 15 }),
  "storage-driver": string("Storage driver to use", { short: "s" }),
  "storage-opt": list("Storage driver options"),
  tls: bool("Use TLS; implied by --tlsverify"),
  tlscacert: string("Trust certs signed only by this CA"),
  tlscert: string("Path to TLS certificate file"),
  tlskey: string("Path to TLS key file"),
  tlsverify: bool("Use TLS and verify the remote"),
  "userland-proxy": bool("Use userland proxy for loopback traffic", { default: true }),
  "userland-proxy-path": string("Path to the userland proxy binary"),
} as const satisfies FlagSet;

export type DaemonSettings = FlagValues<typeof DAEMON_FLAGS>;

/** Keys of the configuration file that are named otherwise than their flag. */
const FILE_KEYS: Readonly<Record<string, keyof typeof DAEMON_FLAGS>> = {
  "authorization-plugins": "authorization-plugin",
  "cdi-spec-dirs": "cdi-spec-dir",
  hosts: "host",
  images: "image-gc",
  "default-address-pools": "default-address-pool",
  "default-network-opts": "default-network-opt",
  "default-ulimits": "default-ulimit",
  "dns-opts": "dns-opt",
  "host-gateway-ips": "host-gateway-ip",
  labels: "label",
  "insecure-registries": "insecure-registry",
  "registry-mirrors": "registry-mirror",
  "log-opts": "log-opt",
  "storage-opts": "storage-opt",
  runtimes: "add-runtime",
};

export interface ParsedDaemonLine {
  readonly settings: DaemonSettings;
  readonly help: boolean;
}

/**
 * Settings from the command line and the configuration file; the file must not name what a flag names.
 * Errors: FlagError; invalidArgument with docker's texts for the file.
 */
export function readDaemonSettings(argv: readonly string[]): ParsedDaemonLine {
  const line = parseFlags(DAEMON_FLAGS, argv);
  if (line.args.length > 0) throw invalidArgument(`unexpected argument: ${line.args[0]}`);
  const file = line.values["config-file"];
  const config = readConfigFile(file, line.given.has("config-file"));
  const fromFile = settingsOfFile(config, file);
  const both = Object.keys(fromFile).filter((name) => line.given.has(name));
  if (both.length > 0) {
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${file}: the following directives are specified both as a flag and in the configuration file: ${both.join(", ")}`,
    );
  }
  const settings = checkRegistrySettings({ ...line.values, ...fromFile } as DaemonSettings);
  checkContainerSettings(settings);
  return { settings, help: line.help };
}

function readConfigFile(path: string, named: boolean): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !named) return {};
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${path}: open ${path}: no such file or directory`,
      {
        cause: error,
      },
    );
  }
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new SyntaxError("not an object");
    return value as Record<string, unknown>;
  } catch (error) {
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${path}: invalid JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function settingsOfFile(config: Record<string, unknown>, path: string): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (key === "proxies") {
      Object.assign(settings, proxiesOf(value, path));
      continue;
    }
    const name = FILE_KEYS[key] ?? key;
    if (!Object.hasOwn(DAEMON_FLAGS, name) || name === "config-file") unknown.push(key);
    else settings[name] = checkedValue(key, name as keyof typeof DAEMON_FLAGS, value, path);
  }
  if (unknown.length > 0) {
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${path}: the following directives don't match any configuration option: ${unknown.join(", ")}`,
    );
  }
  return settings;
}

function checkedValue(key: string, name: keyof typeof DAEMON_FLAGS, value: unknown, path: string): unknown {
  if (name === "add-runtime") return runtimesOf(value, path);
  if (name === "log-opt") return textsOf(key, value, path);
  if (name === "image-gc") return imageGcOf(value, path);
  if (name === "default-address-pool") return addressPoolsOf(value, path);
  if (name === "default-network-opt") return networkOptionsOf(key, value, path);
  const container = containerValueOf(name, value);
  if (container !== undefined) return container;
  const initial: unknown = DAEMON_FLAGS[name].initial;
  const fits = Array.isArray(initial)
    ? Array.isArray(value) && value.every((item) => typeof item === "string")
    : typeof value === typeof initial;
  if (fits) return value;
  throw invalidArgument(
    `unable to configure the Docker daemon with file ${path}: directive ${key} has a value of the wrong type`,
  );
}

/** `max-used-space=20GB`. */
function checkImageGc(text: string): string {
  const [key, value = ""] = text.split("=", 2);
  if (key !== "max-used-space") throw invalidArgument(`unknown option of image-gc: ${key}`);
  if (!(parseBinarySize(value) > 0))
    throw invalidArgument(`invalid size of image-gc: ${JSON.stringify(value)}`);
  return text;
}

/** `{"gc": {"enabled": true, "maxUsedSpace": "20GB"}}`, in the form of docker's `builder`. */
function imageGcOf(value: unknown, path: string): Record<string, string> {
  const { gc, ...rest } = (value ?? {}) as { gc?: { enabled?: unknown; maxUsedSpace?: unknown } };
  const { enabled, maxUsedSpace, ...others } = gc ?? {};
  const unknown = [...Object.keys(rest), ...Object.keys(others).map((key) => `gc.${key}`)];
  const fits =
    typeof enabled === "boolean" && (maxUsedSpace === undefined || typeof maxUsedSpace === "string");
  if (unknown.length > 0 || !fits || (enabled && maxUsedSpace === undefined)) {
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${path}: directive images should be {"gc": {"enabled": true, "maxUsedSpace": "20GB"}}`,
    );
  }
  if (!enabled) return {};
  checkImageGc(`max-used-space=${maxUsedSpace}`);
  return { "max-used-space": maxUsedSpace as string };
}

/** `base=10.10.0.0/16,size=24`. */
function checkAddressPool(text: string): string {
  const fields = Object.fromEntries(text.split(",").map((field) => field.split("=", 2)));
  if (!fields["base"] || !/^\d+$/.test(fields["size"] ?? "")) {
    throw invalidArgument(`invalid default address pool: ${text}: it should be base=SUBNET,size=LENGTH`);
  }
  return text;
}

/** `bridge=com.docker.network.driver.mtu=1400`: a driver, then an option of its networks. */
function checkNetworkOption(text: string): string {
  if (/^[^=]+=[^=]+=/.test(text)) return text;
  throw invalidArgument(`invalid default network option: ${text}: it should be DRIVER=OPTION=VALUE`);
}

/** `{"bridge": {"com.docker.network.driver.mtu": "1400"}}`. */
function networkOptionsOf(key: string, value: unknown, path: string): string[] {
  return Object.entries((value ?? {}) as Record<string, unknown>).flatMap(([driver, options]) =>
    Object.entries(textsOf(key, options, path)).map(([name, text]) =>
      checkNetworkOption(`${driver}=${name}=${text}`),
    ),
  );
}

function checkAddress(text: string): string {
  if (isIP(text.trim()) === 0) throw invalidArgument(`${text} is not an ip address`);
  return text.trim();
}

/** Source: docker, opts.ValidateDNSSearch. */
function checkDnsSearch(text: string): string {
  const domain = text.trim();
  if (
    domain === "." ||
    (domain.length <= 255 && /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_.])?$/.test(domain))
  ) {
    return domain;
  }
  throw invalidArgument(`${domain} is not a valid domain`);
}

/** `[{"base": "10.10.0.0/16", "size": 24}]`. */
function addressPoolsOf(value: unknown, path: string): string[] {
  const pools = Array.isArray(value) ? (value as Array<{ base?: unknown; size?: unknown } | null>) : [null];
  return pools.map((pool) => {
    if (typeof pool?.base === "string" && typeof pool.size === "number") {
      return checkAddressPool(`base=${pool.base},size=${pool.size}`);
    }
    throw invalidArgument(
      `unable to configure the Docker daemon with file ${path}: directive default-address-pools has a value of the wrong type`,
    );
  });
}

/** An object whose values are texts, as docker wants them also for numbers. */
function textsOf(key: string, value: unknown, path: string): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    return Object.fromEntries(entries);
  }
  throw invalidArgument(
    `unable to configure the Docker daemon with file ${path}: directive ${key} has a value that is not a string`,
  );
}

/** `{"name": {"path": "/usr/bin/x"}}`. */
function runtimesOf(value: unknown, path: string): Record<string, string> {
  const runtimes: Record<string, string> = {};
  for (const [name, entry] of Object.entries((value ?? {}) as Record<string, { path?: unknown } | null>)) {
    if (typeof entry?.path !== "string") {
      throw invalidArgument(
        `unable to configure the Docker daemon with file ${path}: runtime ${name} has no path`,
      );
    }
    runtimes[name] = entry.path;
  }
  return runtimes;
}

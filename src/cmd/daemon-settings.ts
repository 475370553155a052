import { homedir } from "node:os";
import { join } from "node:path";
import { invalidArgument } from "../base/errors.ts";
import type { Flag, FlagSet, FlagValues } from "../cli/flags/flag.ts";
import { parseFlags } from "../cli/flags/parse.ts";
import { bool, int, list, map, string } from "../cli/flags/types.ts";
import type { RuntimeSetting } from "../drivers/runtime-oci/mod.ts";
import { formatValue } from "../spec/go-template/values.ts";
import { configurationError, keyOf, readConfigFile } from "./config-file.ts";
import { CONTAINER_FLAGS, checkContainerSettings } from "./container-settings.ts";
import { checkDockerSettings, DOCKER_FLAGS, tellUnusedSettings } from "./docker-settings.ts";
import { checkRegistrySettings } from "./registry-settings.ts";
import {
  checkAddress,
  checkAddressPool,
  checkDnsSearch,
  checkImageGc,
  checkNetworkOption,
  maskCredentials,
} from "./setting-values.ts";

/** Where the default engine keeps things. */
export const DEFAULT_DATA_ROOT = "/var/lib/gantry";
const DEFAULT_RUN_ROOT = "/run/gantry";
const DEFAULT_CONFIG_FILE = "/etc/gantry/daemon.json";

/** The daemon's flags: dockerd's names, forms and meanings. */
export const DAEMON_FLAGS = {
  ...CONTAINER_FLAGS,
  ...DOCKER_FLAGS,
  "add-runtime": runtimes("Register an additional OCI compatible runtime"),
  "allow-direct-routing": bool("Allow remote access to published ports on container IP addresses"),
  "allow-insecure-tcp": bool(
    "Listen on TCP addresses of the network without TLS: everybody who reaches the port controls this machine",
  ),
  "authorization-plugin": list("Authorization plugins to load"),
  bip: string("IPv4 address for the default bridge"),
  bip6: string("IPv6 address for the default bridge"),
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
  "ip-forward-no-drop": bool("Leave the policy for other packets alone when enabling IP forwarding", {
    default: true,
  }),
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
  "log-format": string('Set the logging format ("text"|"json")', { default: "json" }),
  "log-level": string('Set the logging level ("debug"|"info"|"warn"|"error"|"fatal")', {
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
  validate: bool("Validate daemon configuration and exit"),
  version: bool("Print version information and quit", { short: "v" }),
} as const satisfies FlagSet;

export type DaemonSettings = FlagValues<typeof DAEMON_FLAGS>;

export interface ParsedDaemonLine {
  readonly settings: DaemonSettings;
  readonly help: boolean;
  /** What is to be told about settings that were taken and change nothing. */
  readonly notes: readonly string[];
}

/**
 * Settings from the command line and the configuration file; the file must not name what a flag names, but for
 * runtimes, which add up. Errors: FlagError; invalidArgument with docker's texts for the file.
 */
export function readDaemonSettings(argv: readonly string[]): ParsedDaemonLine {
  const line = parseFlags(DAEMON_FLAGS, argv);
  if (line.args.length > 0) throw invalidArgument(`unexpected argument: ${line.args[0]}`);
  const path = line.values["config-file"];
  const file = readConfigFile(path, line.given.has("config-file"), DAEMON_FLAGS);
  const both = Object.keys(file.settings).filter((name) => line.given.has(name) && name !== "add-runtime");
  if (both.length > 0) throw givenTwice(path, both, line.values, file.settings);
  const merged = {
    ...line.values,
    ...file.settings,
    "add-runtime": { ...(file.settings["add-runtime"] ?? {}), ...line.values["add-runtime"] },
  } as DaemonSettings;
  const settings = checkRegistrySettings(settleTls(merged, line.given));
  checkContainerSettings(settings);
  checkDockerSettings(settings);
  checkLogFormat(settings["log-format"]);
  return { settings, help: line.help, notes: tellUnusedSettings(settings, file.keys) };
}

function givenTwice(
  path: string,
  names: readonly string[],
  line: Readonly<Record<string, unknown>>,
  file: Readonly<Record<string, unknown>>,
): Error {
  const show = (value: unknown) => maskCredentials(formatValue(value));
  const conflicts = names.map(
    (name) => `${keyOf(name)}: (from flag: ${show(line[name])}, from file: ${show(file[name])})`,
  );
  return configurationError(
    path,
    `the following directives are specified both as a flag and in the configuration file: ${conflicts.join(", ")}`,
  );
}

/** `name=path`, again and again. */
function runtimes(usage: string): Flag<Readonly<Record<string, RuntimeSetting>>> {
  return {
    typeName: "runtime",
    usage,
    initial: {},
    defaultText: "[]",
    parse: (text, previous) => {
      const [name = "", path = ""] = text.split(/=(.*)/s, 2);
      if (name === "" || path === "") throw new Error(`invalid runtime argument: ${text}`);
      return { ...previous, [name]: { path, args: [] } };
    },
  };
}

/** The files of TLS where docker looks for them; who says anything about verifying wants TLS. Source: cmd/dockerd. */
function settleTls(settings: DaemonSettings, given: ReadonlySet<string>): DaemonSettings {
  const verifiesByEnvironment = Boolean(process.env["DOCKER_TLS_VERIFY"]);
  const directory = process.env["DOCKER_CERT_PATH"] || join(homedir(), ".docker");
  const asked = given.has("tlsverify");
  const tlsverify = settings.tlsverify || (verifiesByEnvironment && !asked);
  return {
    ...settings,
    tlsverify,
    tls: settings.tls || tlsverify || asked,
    tlscacert: settings.tlscacert || join(directory, "ca.pem"),
    tlscert: settings.tlscert || join(directory, "cert.pem"),
    tlskey: settings.tlskey || join(directory, "key.pem"),
  };
}

function checkLogFormat(format: string): void {
  if (!["text", "json"].includes(format)) throw invalidArgument(`invalid log format: ${format}`);
}

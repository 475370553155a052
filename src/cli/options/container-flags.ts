import type { FlagSet, FlagValues } from "../flags/flag.ts";
import { bool, bytes, custom, duration, int, list, map, string, swapBytes, uint16 } from "../flags/types.ts";
import { parseBpsDevice, parseIopsDevice, parseWeightDevice } from "./blkio.ts";
import { deviceCgroupRule } from "./devices.ts";
import { parseGpus } from "./gpus.ts";
import { dnsSearch, dnsServer, extraHost, link } from "./hosts.ts";
import { environmentValue } from "./key-values.ts";
import { parseCpus } from "./limits.ts";
import { parseMount } from "./mounts.ts";
import { parseNetwork } from "./networks.ts";
import { platformFlag } from "./platform.ts";
import { sysctl } from "./security.ts";
import { parseUlimit } from "./ulimits.ts";

function attachStream(text: string): string {
  const stream = text.toLowerCase();
  if (["stdin", "stdout", "stderr"].includes(stream)) return stream;
  throw new Error("valid streams are STDIN, STDOUT and STDERR");
}

function label(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid label '${text}': empty name`);
  return text;
}

const emptyList = { defaultText: "[]" };

/** The flag that holds billionths of a CPU. */
export const cpusFlag = {
  typeName: "decimal",
  usage: "Number of CPUs",
  initial: 0,
  parse: parseCpus,
} as const;

/** Flags that create and run share. */
export const containerFlags = {
  "add-host": list("Add a custom host-to-IP mapping (host:ip)", { validate: extraHost }),
  annotation: map("Add an annotation to the container (passed through to the OCI runtime)"),
  attach: list("Attach to STDIN, STDOUT or STDERR", { short: "a", validate: attachStream }),
  "blkio-weight": uint16("Block IO (relative weight), between 10 and 1000, or 0 to disable"),
  "blkio-weight-device": custom(
    "list",
    "Block IO weight (relative device weight)",
    parseWeightDevice,
    emptyList,
  ),
  "cap-add": list("Add Linux capabilities"),
  "cap-drop": list("Drop Linux capabilities"),
  "cgroup-parent": string("Optional parent cgroup for the container"),
  cgroupns: string(
    `Cgroup namespace to use (host|private)
'host':    Run the container in the Docker host's cgroup namespace
'private': Run the container in its own private cgroup namespace
'':        Use the cgroup namespace as configured by the
           default-cgroupns-mode option on the daemon (default)`,
  ),
  cidfile: string("Write the container ID to the file"),
  "cpu-count": int("CPU count (Windows only)", { hidden: true }),
  "cpu-percent": int("CPU percent (Windows only)", { hidden: true }),
  "cpu-period": int("Limit CPU CFS (Completely Fair Scheduler) period"),
  "cpu-quota": int("Limit CPU CFS (Completely Fair Scheduler) quota"),
  "cpu-rt-period": int("Limit CPU real-time period in microseconds"),
  "cpu-rt-runtime": int("Limit CPU real-time runtime in microseconds"),
  "cpu-shares": int("CPU shares (relative weight)", { short: "c" }),
  cpus: cpusFlag,
  "cpuset-cpus": string("CPUs in which to allow execution (0-3, 0,1)"),
  "cpuset-mems": string("MEMs in which to allow execution (0-3, 0,1)"),
  device: list("Add a host device to the container"),
  "device-cgroup-rule": list("Add a rule to the cgroup allowed devices list", { validate: deviceCgroupRule }),
  "device-read-bps": custom(
    "list",
    "Limit read rate (bytes per second) from a device",
    parseBpsDevice,
    emptyList,
  ),
  "device-read-iops": custom(
    "list",
    "Limit read rate (IO per second) from a device",
    parseIopsDevice,
    emptyList,
  ),
  "device-write-bps": custom(
    "list",
    "Limit write rate (bytes per second) to a device",
    parseBpsDevice,
    emptyList,
  ),
  "device-write-iops": custom(
    "list",
    "Limit write rate (IO per second) to a device",
    parseIopsDevice,
    emptyList,
  ),
  "disable-content-trust": bool("Skip image verification", { default: true }),
  dns: list("Set custom DNS servers", { validate: dnsServer }),
  "dns-opt": list("Set DNS options", { hidden: true }),
  "dns-option": list("Set DNS options"),
  "dns-search": list("Set custom DNS search domains", { validate: dnsSearch }),
  domainname: string("Container NIS domain name"),
  entrypoint: string("Overwrite the default ENTRYPOINT of the image"),
  env: list("Set environment variables", { short: "e", validate: environmentValue }),
  "env-file": list("Read in a file of environment variables"),
  expose: list("Expose a port or a range of ports"),
  gpus: custom("gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)", parseGpus),
  "group-add": list("Add additional groups to join"),
  "health-cmd": string("Command to run to check health"),
  "health-interval": duration("Time between running the check (ms|s|m|h)"),
  "health-retries": int("Consecutive failures needed to report unhealthy"),
  "health-start-interval": duration("Time between running the check during the start period (ms|s|m|h)"),
  "health-start-period": duration(
    "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)",
  ),
  "health-timeout": duration("Maximum time to allow one check to run (ms|s|m|h)"),
  help: bool("Print usage"),
  hostname: string("Container host name", { short: "h" }),
  init: bool("Run an init inside the container that forwards signals and reaps processes"),
  interactive: bool("Keep STDIN open even if not attached", { short: "i" }),
  "io-maxbandwidth": bytes("Maximum IO bandwidth limit for the system drive (Windows only)", {
    hidden: true,
  }),
  "io-maxiops": int("Maximum IOps limit for the system drive (Windows only)", { hidden: true }),
  ip: string("IPv4 address (e.g., 172.30.100.104)"),
  ip6: string("IPv6 address (e.g., 2001:db8::33)"),
  ipc: string("IPC mode to use"),
  isolation: string("Container isolation technology"),
  "kernel-memory": bytes("Kernel memory limit", { hidden: true }),
  label: list("Set meta data on a container", { short: "l", validate: label }),
  "label-file": list("Read in a line delimited file of labels"),
  link: list("Add link to another container", { validate: link }),
  "link-local-ip": list("Container IPv4/IPv6 link-local addresses"),
  "log-driver": string("Logging driver for the container"),
  "log-opt": list("Log driver options"),
  "mac-address": string("Container MAC address (e.g., 92:d0:c6:0a:29:33)"),
  memory: bytes("Memory limit", { short: "m" }),
  "memory-reservation": bytes("Memory soft limit"),
  "memory-swap": swapBytes("Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
  "memory-swappiness": int("Tune container memory swappiness (0 to 100)", { default: -1 }),
  mount: custom("mount", "Attach a filesystem mount to the container", parseMount),
  name: string("Assign a name to the container"),
  net: custom("network", "Connect a container to a network", parseNetwork, { hidden: true }),
  "net-alias": list("Add network-scoped alias for the container", { hidden: true }),
  network: custom("network", "Connect a container to a network", parseNetwork),
  "network-alias": list("Add network-scoped alias for the container"),
  "no-healthcheck": bool("Disable any container-specified HEALTHCHECK"),
  "oom-kill-disable": bool("Disable OOM Killer"),
  "oom-score-adj": int("Tune host's OOM preferences (-1000 to 1000)"),
  pid: string("PID namespace to use"),
  "pids-limit": int("Tune container pids limit (set -1 for unlimited)"),
  platform: platformFlag,
  privileged: bool("Give extended privileges to this container"),
  publish: list("Publish a container's port(s) to the host", { short: "p" }),
  "publish-all": bool("Publish all exposed ports to random ports", { short: "P" }),
  quiet: bool("Suppress the pull output", { short: "q" }),
  "read-only": bool("Mount the container's root filesystem as read only"),
  restart: string("Restart policy to apply when a container exits", { default: "no" }),
  rm: bool("Automatically remove the container and its associated anonymous volumes when it exits"),
  runtime: string("Runtime to use for this container"),
  "security-opt": list("Security Options"),
  "shm-size": bytes("Size of /dev/shm"),
  "stop-signal": string("Signal to stop the container"),
  "stop-timeout": int("Timeout (in seconds) to stop a container"),
  "storage-opt": list("Storage driver options for the container"),
  sysctl: map("Sysctl options", { validate: sysctl }),
  tmpfs: list("Mount a tmpfs directory"),
  tty: bool("Allocate a pseudo-TTY", { short: "t" }),
  ulimit: custom("ulimit", "Ulimit options", parseUlimit, emptyList),
  user: string("Username or UID (format: <name|uid>[:<group|gid>])", { short: "u" }),
  userns: string("User namespace to use"),
  uts: string("UTS namespace to use"),
  volume: list("Bind mount a volume", { short: "v" }),
  "volume-driver": string("Optional volume driver for the container"),
  "volumes-from": list("Mount volumes from the specified container(s)"),
  workdir: string("Working directory inside the container", { short: "w" }),
} satisfies FlagSet;

export type ContainerFlags = FlagValues<typeof containerFlags>;

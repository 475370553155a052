import { invalidArgument } from "../base/errors.ts";
import type { Flag, FlagSet, FlagValues } from "../cli/flags/flag.ts";
import { parseGoBool } from "../cli/flags/go-values.ts";
import { bool, int, list, string } from "../cli/flags/types.ts";

/** dockerd's flags for parts that this engine does not have, or has otherwise: a drop-in has to know them. */
export const DOCKER_FLAGS = {
  "allow-nondistributable-artifacts": list("Allow push of nondistributable artifacts to registry", {
    hidden: true,
  }),
  "api-cors-header": string("Set CORS headers in the Engine API", { hidden: true }),
  containerd: string("Taken for dockerd's sake: there is no containerd"),
  "containerd-namespace": string("Taken for dockerd's sake: there is no containerd", { hidden: true }),
  "containerd-plugins-namespace": string("Taken for dockerd's sake: there is no containerd", {
    hidden: true,
  }),
  "cri-containerd": bool("Start containerd with cri", { hidden: true }),
  "exec-opt": list("Runtime execution options", { validate: checkExecOption }),
  experimental: bool("Enable experimental features"),
  feature: switches("Enable feature in the daemon"),
  "metrics-addr": string("Set default address and port to serve the metrics api on", { hidden: true }),
  "network-control-plane-mtu": int("Network Control plane MTU", { default: 1500, hidden: true }),
  "network-diagnostic-port": int("TCP port number of the network diagnostic server", { hidden: true }),
  "node-generic-resource": list("Advertise user-defined resource", { hidden: true }),
  "raw-logs": bool("Full timestamps without ANSI coloring"),
  restart: bool("Please use a restart policy on docker run", { default: true, short: "r", hidden: true }),
  rootless: bool("Enable rootless mode", { hidden: true }),
  "selinux-enabled": bool("Enable selinux support", { hidden: true }),
  "swarm-default-advertise-addr": string("Set default address or interface for swarm advertised address", {
    hidden: true,
  }),
  "userns-remap": string("User/Group setting for user namespaces", { hidden: true }),
} as const satisfies FlagSet;

export type DockerSettings = FlagValues<typeof DOCKER_FLAGS>;

/** Why the others are refused, where they ask for more than dockerd does without them. */
const REFUSED: ReadonlyArray<readonly [name: keyof DockerSettings, reason: string]> = [
  ["cri-containerd", "there is no containerd"],
  ["metrics-addr", "this engine serves no metrics"],
  ["network-control-plane-mtu", "this engine has no swarm mode"],
  ["network-diagnostic-port", "this engine has no network diagnostic server"],
  ["node-generic-resource", "this engine has no swarm mode"],
  ["restart", "use restart policies of containers"],
  ["rootless", "this engine needs root"],
  ["selinux-enabled", "this engine sets no SELinux labels"],
  ["swarm-default-advertise-addr", "this engine has no swarm mode"],
  ["userns-remap", "this engine does not map the users of containers"],
];

/** Errors: invalidArgument for what this engine cannot do. */
export function checkDockerSettings(settings: DockerSettings): void {
  if (settings["api-cors-header"] !== "") {
    throw invalidArgument(
      'DEPRECATED: The "api-cors-header" config parameter and the dockerd "--api-cors-header" option have been removed; use a reverse proxy if you need CORS headers',
    );
  }
  for (const [name, reason] of REFUSED) {
    if (JSON.stringify(settings[name]) === JSON.stringify(DOCKER_FLAGS[name].initial)) continue;
    throw invalidArgument(`${name} is not supported: ${reason}`);
  }
}

/** Switches of `features` that do something here. */
const FEATURES: readonly string[] = ["cdi"];

/** What is to be told about settings that were taken, and change nothing. `keys` are those of the configuration file. */
export function tellUnusedSettings(settings: DockerSettings, keys: ReadonlySet<string>): string[] {
  const notes: string[] = [];
  const containerd = (["containerd", "containerd-namespace", "containerd-plugins-namespace"] as const).filter(
    (name) => settings[name] !== "",
  );
  if (containerd.length > 0) {
    notes.push(
      `this engine runs containers without containerd: ${containerd.map((name) => `--${name}`).join(", ")} has no effect`,
    );
  }
  if (keys.has("builder")) notes.push("this engine has no builder: directive builder has no effect");
  for (const name of Object.keys(settings.feature)) {
    if (!FEATURES.includes(name)) notes.push(`feature ${name} is not known here: it has no effect`);
  }
  if (settings.experimental) notes.push("this engine has no experimental features: none were enabled");
  if (settings["allow-nondistributable-artifacts"].length > 0) {
    notes.push(
      "Flag --allow-nondistributable-artifacts has been deprecated, Pushing nondistributable artifacts is now enabled by default. ",
    );
  }
  return notes;
}

/** `native.cgroupdriver=cgroupfs`. Errors: invalidArgument, docker's texts where it has them. */
function checkExecOption(text: string): string {
  const [, key = "", value = ""] = /^([^=]*)=(.*)$/.exec(text) ?? [];
  const name = key.trim().toLowerCase();
  const wrong = (reason: string) => invalidArgument(`invalid exec-opt (${text}): ${reason}`);
  if (name === "" || value.trim() === "") {
    throw invalidArgument(`invalid exec-opt (${text}): must be formatted 'opt=value'`);
  }
  if (name === "isolation") throw wrong("option 'isolation' is only supported on windows");
  if (name !== "native.cgroupdriver") throw wrong(`unknown option: '${name}'`);
  if (value.trim() !== "cgroupfs") {
    throw wrong("this engine makes control groups itself, which dockerd calls cgroupfs");
  }
  return text;
}

/** `name` or `name=false`, again and again. Source: moby internal/opts, SetOpts. */
function switches(usage: string): Flag<Readonly<Record<string, boolean>>> {
  return {
    typeName: "map",
    usage,
    initial: {},
    defaultText: "map[]",
    parse: (text, previous) => {
      const [name = "", value] = text.split(/=(.*)/s, 2);
      if (name === "") throw new Error(`invalid option name: ${text}`);
      return { ...previous, [name]: value === undefined || parseGoBool(value) };
    },
  };
}

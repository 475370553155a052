import { invalidArgument } from "../../base/errors.ts";
import { expandWord } from "../../spec/dockerfile/expand-word.ts";
import type { HealthConfig, ImageConfig } from "../../spec/engine-api/mod.ts";

/** A word without quotes, variables of the image's environment put in. */
type Expand = (word: string) => string;
type Change = (config: ImageConfig, text: string, expand: Expand) => ImageConfig;

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, text) => ({ ...config, Cmd: commandOf(text) }),
  ENTRYPOINT: (config, text) => ({ ...config, Entrypoint: commandOf(text) }),
  ENV: (config, text, expand) => ({
    ...config,
    Env: mergeEnv(config.Env ?? [], pairsOf("ENV", text, expand)),
  }),
  EXPOSE: (config, text, expand) => ({
    ...config,
    ExposedPorts: { ...config.ExposedPorts, ...portsOf(text, expand) },
  }),
  HEALTHCHECK: (config, text) => ({ ...config, Healthcheck: healthcheckOf(text) }),
  LABEL: (config, text, expand) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairsOf("LABEL", text, expand)) },
  }),
  ONBUILD: (config, text) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), onbuildOf(text)] }),
  STOPSIGNAL: (config, text, expand) => ({ ...config, StopSignal: single("STOPSIGNAL", text, expand) }),
  USER: (config, text, expand) => ({ ...config, User: single("USER", text, expand) }),
  VOLUME: (config, text, expand) => ({
    ...config,
    Volumes: {
      ...config.Volumes,
      ...Object.fromEntries(listOrWords("VOLUME", text, expand).map((path) => [path, {}])),
    },
  }),
  WORKDIR: (config, text, expand) => ({
    ...config,
    WorkingDir: workdirOf(config.WorkingDir ?? "", expand(text)),
  }),
};

/**
 * The config after Dockerfile instructions, such as `commit -c` and `import -c` take.
 * Errors: invalidArgument with docker's texts for other instructions and for malformed ones.
 * Source: Dockerfile reference.
 */
export function applyConfigChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  let changed = config;
  for (const line of changes.flatMap((change) => change.split(/\r?\n/))) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    const change = CHANGES[word.toUpperCase()];
    if (!change) throw invalidArgument(`${word.toLowerCase()} is not a valid change command`);
    if (rest === "") throw invalidArgument(`${word.toUpperCase()} requires at least one argument`);
    // What an instruction sets is seen from the next one on.
    const env = new Map((changed.Env ?? []).map((entry) => splitEntry(entry)));
    changed = change(changed, rest, (part) => expandWord(part, (name) => env.get(name)));
  }
  return changed;
}

function splitEntry(entry: string): [key: string, value: string] {
  const equals = entry.indexOf("=");
  return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const list = JSON.parse(text) as unknown;
    return Array.isArray(list) && list.every((word) => typeof word === "string") ? list : undefined;
  } catch {
    return undefined; // Docker takes what is not quite JSON for a shell command.
  }
}

function commandOf(text: string): string[] {
  return jsonList(text) ?? ["/bin/sh", "-c", text];
}

/** Words of a line: quotes group and a backslash escapes. */
function wordsOf(text: string): string[] {
  const words = text.match(/(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\]|["'\\])+/g) ?? [];
  return words;
}

function listOrWords(instruction: string, text: string, expand: Expand): string[] {
  const words = (jsonList(text) ?? wordsOf(text)).map(expand);
  if (words.some((word) => word.trim() === ""))
    throw invalidArgument(`${instruction} specified can not be an empty string`);
  return words;
}

function single(instruction: string, text: string, expand: Expand): string {
  const words = wordsOf(text);
  if (words.length !== 1) throw invalidArgument(`${instruction} requires exactly one argument`);
  return expand(words[0]!);
}

function pairsOf(
  instruction: string,
  text: string,
  expand: Expand,
): Array<readonly [key: string, value: string]> {
  const words = wordsOf(text);
  if (!words[0]!.includes("=")) {
    // The old form `ENV key the value`.
    const [, key = "", value = ""] = /^(\S+)\s+([\s\S]+)$/.exec(text) ?? [];
    if (key === "") throw invalidArgument(`${instruction} must have two arguments`);
    return [[expand(key), expand(value)]];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 0)
      throw invalidArgument(`Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    const key = expand(word.slice(0, equals));
    if (key === "") throw invalidArgument(`${instruction} names can not be blank`);
    return [key, expand(word.slice(equals + 1))];
  });
}

function mergeEnv(env: readonly string[], pairs: ReadonlyArray<readonly [string, string]>): string[] {
  const merged = [...env];
  for (const [key, value] of pairs) {
    const known = merged.findIndex((entry) => entry.startsWith(`${key}=`));
    if (known >= 0) merged[known] = `${key}=${value}`;
    else merged.push(`${key}=${value}`);
  }
  return merged;
}

function portsOf(text: string, expand: Expand): Record<string, Record<string, never>> {
  const ports: Record<string, Record<string, never>> = {};
  for (const word of wordsOf(text).map(expand)) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || first < 1 || last > 65535 || last < first)
      throw invalidArgument(`invalid containerPort: ${word}`);
    for (let port = first; port <= last; port++) ports[`${port}/${(match[3] ?? "tcp").toLowerCase()}`] = {};
  }
  return ports;
}

function onbuildOf(text: string): string {
  const word = /^\S+/.exec(text)![0].toUpperCase();
  if (word === "ONBUILD") throw invalidArgument("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (word === "MAINTAINER" || word === "FROM")
    throw invalidArgument(`${word} isn't allowed as an ONBUILD trigger`);
  return text;
}

function workdirOf(current: string, path: string): string {
  if (path.startsWith("/")) return path;
  return `${current === "" ? "/" : current.replace(/\/?$/, "/")}${path}`;
}

const HEALTH_FLAGS: Readonly<
  Record<string, "Interval" | "Timeout" | "StartPeriod" | "StartInterval" | "Retries">
> = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
  retries: "Retries",
};

function healthcheckOf(text: string): HealthConfig {
  const settings: Record<string, number> = {};
  let rest = text;
  for (let flag = /^--([a-z-]+)=(\S+)\s*/.exec(rest); flag; flag = /^--([a-z-]+)=(\S+)\s*/.exec(rest)) {
    const key = HEALTH_FLAGS[flag[1]!];
    if (!key) throw invalidArgument(`unknown flag: ${flag[1]}`);
    settings[key] = key === "Retries" ? Number(flag[2]) : nanosecondsOf(flag[2]!);
    if (!Number.isFinite(settings[key]))
      throw invalidArgument(`invalid value ${JSON.stringify(flag[2])} for ${flag[1]}`);
    rest = rest.slice(flag[0].length);
  }
  if (/^none$/i.test(rest)) return { Test: ["NONE"] };
  const [, word = "", command = ""] = /^(\S+)\s+([\s\S]+)$/.exec(rest) ?? [];
  if (word.toUpperCase() !== "CMD")
    throw invalidArgument(`Unknown type ${JSON.stringify(word || rest)} in HEALTHCHECK (try CMD)`);
  const list = jsonList(command);
  return { Test: list ? ["CMD", ...list] : ["CMD-SHELL", command], ...settings };
}

const UNIT_NANOSECONDS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanosecondsOf(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text))
    throw invalidArgument(`invalid duration ${JSON.stringify(text)}`);
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    total += Number(count) * UNIT_NANOSECONDS[unit!]!;
  return total;
}

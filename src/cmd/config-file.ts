import { readFileSync } from "node:fs";
import { type EngineError, invalidArgument } from "../base/errors.ts";
import type { FlagSet } from "../cli/flags/flag.ts";
import type { RuntimeSetting } from "../drivers/runtime-oci/mod.ts";
import { findSyntaxError } from "../spec/go-json/mod.ts";
import { containerValueOf } from "./container-settings.ts";
import { proxiesOf } from "./registry-settings.ts";
import { checkAddressPool, checkImageGc, checkNetworkOption } from "./setting-values.ts";

/** Keys of the configuration file that are named otherwise than their flag. */
const FLAG_OF_KEY: Readonly<Record<string, string>> = {
  "authorization-plugins": "authorization-plugin",
  "cdi-spec-dirs": "cdi-spec-dir",
  "containerd-plugin-namespace": "containerd-plugins-namespace",
  hosts: "host",
  images: "image-gc",
  "default-address-pools": "default-address-pool",
  "default-network-opts": "default-network-opt",
  "default-ulimits": "default-ulimit",
  "dns-opts": "dns-opt",
  "exec-opts": "exec-opt",
  features: "feature",
  "host-gateway-ips": "host-gateway-ip",
  labels: "label",
  "insecure-registries": "insecure-registry",
  "log-opts": "log-opt",
  "node-generic-resources": "node-generic-resource",
  "registry-mirrors": "registry-mirror",
  runtimes: "add-runtime",
  "storage-opts": "storage-opt",
};

/** What a flag is called in the configuration file. */
export function keyOf(flag: string): string {
  return Object.entries(FLAG_OF_KEY).find(([, name]) => name === flag)?.[0] ?? flag;
}

/** A daemon's configuration file, read. */
export interface ConfigFile {
  /** What it says, by the names of flags. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of its keys. */
  readonly keys: ReadonlySet<string>;
}

/**
 * What the file at `path` says to a daemon with these flags. A file that is missing says nothing unless it was `named`;
 * an empty one never does. Errors: invalidArgument, docker's texts.
 */
export function readConfigFile(path: string, named: boolean, flags: FlagSet): ConfigFile {
  try {
    const config = parseConfig(path, named);
    return { settings: settingsOf(config, flags), keys: new Set(Object.keys(config)) };
  } catch (error) {
    throw configurationError(path, (error as Error).message, error);
  }
}

/** The error for what is wrong with the daemon's configuration. */
export function configurationError(path: string, reason: string, cause?: unknown): EngineError {
  return invalidArgument(`unable to configure the Docker daemon with file ${path}: ${reason}`, { cause });
}

function parseConfig(path: string, named: boolean): Record<string, unknown> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !named) return {};
    throw new Error(`open ${path}: no such file or directory`, { cause: error });
  }
  const text = decodeByMark(bytes).trim();
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const found = findSyntaxError(text);
    const reason = "problem" in found ? found.problem : "unexpected content after JSON";
    throw new Error(`invalid JSON: ${reason}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("invalid JSON: not an object");
  }
  return value as Record<string, unknown>;
}

/** Editors of other systems put a byte order mark in front, and may write UTF-16. */
function decodeByMark(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString("hex");
  const encoding = mark === "fffe" ? "utf-16le" : mark === "feff" ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

function settingsOf(config: Record<string, unknown>, flags: FlagSet): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (key === "proxies") {
      Object.assign(settings, proxiesOf(value));
      continue;
    }
    // Its own form of what the engine's part for images has; who warns about it is told by the key.
    if (key === "builder") continue;
    const name = FLAG_OF_KEY[key] ?? key;
    if (!Object.hasOwn(flags, name) || name === "config-file") unknown.push(key);
    // As if the key were not there.
    else if (value !== null) settings[name] = checkedValue(key, name, value, flags[name]!.initial);
  }
  if (unknown.length > 0) {
    throw new Error(`the following directives don't match any configuration option: ${unknown.join(", ")}`);
  }
  return settings;
}

/** How values are read that the file spells otherwise than the command line. */
const READERS: Readonly<Record<string, (value: unknown, key: string) => unknown>> = {
  "add-runtime": runtimesOf,
  "cdi-spec-dir": deviceDirectoriesOf,
  "default-address-pool": addressPoolsOf,
  "default-network-opt": (value, key) => networkOptionsOf(key, value),
  feature: featuresOf,
  "host-gateway-ip": (value, key) => textListOf(key, typeof value === "string" ? [value] : value),
  "image-gc": imageGcOf,
  "log-opt": (value, key) => textsOf(key, value),
};

function checkedValue(key: string, name: string, value: unknown, initial: unknown): unknown {
  const read = READERS[name];
  if (read) return read(value, key);
  const container = containerValueOf(name, value);
  if (container !== undefined) return container;
  if (Array.isArray(initial)) return textListOf(key, value);
  if (typeof value === typeof initial) return value;
  throw wrongType(key);
}

const wrongType = (key: string) => new Error(`directive ${key} has a value of the wrong type`);

function textListOf(key: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw wrongType(key);
}

/** No directories at all are what the one empty name is on the command line. */
function deviceDirectoriesOf(value: unknown, key: string): string[] {
  const directories = textListOf(key, value);
  return directories.length === 0 ? [""] : directories;
}

/** An object whose values are texts, as docker wants them also for numbers. */
function textsOf(key: string, value: unknown): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    return Object.fromEntries(entries);
  }
  throw new Error(`directive ${key} has a value that is not a string`);
}

/** `{"cdi": true}`. */
function featuresOf(value: unknown, key: string): Record<string, boolean> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [["", undefined]];
  if (entries.some(([, on]) => typeof on !== "boolean")) throw wrongType(key);
  return Object.fromEntries(entries);
}

/** `{"gc": {"enabled": true, "maxUsedSpace": "20GB"}}`, in the form of docker's `builder`. */
function imageGcOf(value: unknown): Record<string, string> {
  const { gc, ...rest } = (value ?? {}) as { gc?: { enabled?: unknown; maxUsedSpace?: unknown } };
  const { enabled, maxUsedSpace, ...others } = gc ?? {};
  const unknown = [...Object.keys(rest), ...Object.keys(others).map((key) => `gc.${key}`)];
  const fits =
    typeof enabled === "boolean" && (maxUsedSpace === undefined || typeof maxUsedSpace === "string");
  if (unknown.length > 0 || !fits || (enabled && maxUsedSpace === undefined)) {
    throw new Error('directive images should be {"gc": {"enabled": true, "maxUsedSpace": "20GB"}}');
  }
  if (!enabled) return {};
  checkImageGc(`max-used-space=${maxUsedSpace}`);
  return { "max-used-space": maxUsedSpace as string };
}

/** `{"bridge": {"com.docker.network.driver.mtu": "1400"}}`. */
function networkOptionsOf(key: string, value: unknown): string[] {
  return Object.entries((value ?? {}) as Record<string, unknown>).flatMap(([driver, options]) =>
    Object.entries(textsOf(key, options)).map(([name, text]) =>
      checkNetworkOption(`${driver}=${name}=${text}`),
    ),
  );
}

/** `[{"base": "10.10.0.0/16", "size": 24}]`. */
function addressPoolsOf(value: unknown, key: string): string[] {
  const pools = Array.isArray(value) ? (value as Array<{ base?: unknown; size?: unknown } | null>) : [null];
  return pools.map((pool) => {
    if (typeof pool?.base === "string" && typeof pool.size === "number") {
      return checkAddressPool(`base=${pool.base},size=${pool.size}`);
    }
    throw wrongType(key);
  });
}

/** `{"name": {"path": "/usr/bin/x", "runtimeArgs": ["--debug"]}}`. */
function runtimesOf(value: unknown): Record<string, RuntimeSetting> {
  const entries = Object.entries((value ?? {}) as Record<string, Record<string, unknown> | null>);
  const runtimes = entries.map(([name, entry]) => {
    const { path, runtimeArgs, runtimeType, options } = entry ?? {};
    if (runtimeType || options) {
      throw new Error(
        `runtime ${name} is a shim of containerd's: this engine runs OCI runtimes by their path`,
      );
    }
    if (typeof path !== "string") throw new Error(`runtime ${name} has no path`);
    return [name, { path, args: textListOf(`runtimes.${name}.runtimeArgs`, runtimeArgs ?? []) }];
  });
  return Object.fromEntries(runtimes);
}

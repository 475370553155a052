import { type DiffId, isDigest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import type { HealthConfig, ImageConfig } from "../engine-api/mod.ts";
import { type JsonObject, listOf, objectOf, parseDocument, textMapOf, textOf, textsOf } from "./document.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/** One step of how an image was made. Source: OCI image-spec v1.1, config.md, "history". */
export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/**
 * How an image is run and what its layers are.
 * Source: OCI image-spec v1.1, config.md; Docker image specification v1.3 (`Healthcheck`, `OnBuild`, `Shell`).
 */
export interface ImageConfigDocument {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
  readonly config: ImageConfig;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly DiffId[] };
  readonly history: readonly HistoryEntry[];
  readonly comment?: string;
  readonly docker_version?: string;
  /** Parent image by id, as docker's archives carry it. */
  readonly parent?: string;
}

const MAX_LAYERS = 1024;
const MAX_HISTORY = 4096;

/** The image config in `bytes`. Unknown fields are left out. Errors: invalidArgument for what is malformed or too large. */
export function parseImageConfig(bytes: Uint8Array): ImageConfigDocument {
  const object = parseDocument(bytes, "image config");
  const rootfs = objectOf(object["rootfs"] ?? {}, "image config rootfs");
  const text = (key: string) => textOf(object[key], `image config ${key}`);
  const optional: Record<string, unknown> = {};
  for (const key of ["created", "author", "variant", "os.version", "comment", "docker_version", "parent"]) {
    const value = text(key);
    if (value) optional[key] = value;
  }
  const osFeatures = textsOf(object["os.features"], "image config os.features", 64);
  return {
    ...optional,
    ...(osFeatures && { "os.features": osFeatures }),
    architecture: text("architecture") ?? "",
    os: text("os") ?? "",
    config: parseRunConfig(object["config"]),
    rootfs: { type: "layers", diff_ids: parseDiffIds(rootfs) },
    history: listOf(object["history"], "image config history", MAX_HISTORY).map(parseHistory),
  };
}

function parseDiffIds(rootfs: JsonObject): DiffId[] {
  const type = textOf(rootfs["type"], "image config rootfs type") ?? "layers";
  if (type !== "layers") {
    throw invalidArgument(`image config has an unsupported rootfs type ${JSON.stringify(type)}`);
  }
  return listOf(rootfs["diff_ids"], "image config diff_ids", MAX_LAYERS).map((value) => {
    const text = textOf(value, "image config diff_id") ?? "";
    if (!isDigest(text)) throw invalidArgument(`image config has an invalid diff_id ${JSON.stringify(text)}`);
    return text as string as DiffId;
  });
}

function parseHistory(value: unknown): HistoryEntry {
  const object = objectOf(value, "image config history entry");
  const entry: Record<string, unknown> = {};
  for (const key of ["created", "created_by", "author", "comment"]) {
    const field = textOf(object[key], `image config history ${key}`);
    if (field !== undefined) entry[key] = field;
  }
  if (object["empty_layer"] === true) entry["empty_layer"] = true;
  return entry as HistoryEntry;
}

function emptyObjectMap(value: unknown, what: string): Record<string, Record<string, never>> | undefined {
  if (value == null) return undefined;
  return Object.fromEntries(Object.keys(objectOf(value, what)).map((key) => [key, {}]));
}

/** Durations are nanoseconds. */
function parseHealthcheck(value: unknown): HealthConfig | undefined {
  if (value == null) return undefined;
  const object = objectOf(value, "image config Healthcheck");
  const check: Record<string, unknown> = {};
  const test = textsOf(object["Test"], "image config Healthcheck Test");
  if (test) check["Test"] = test;
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"]) {
    const number = object[key];
    if (number == null) continue;
    if (typeof number !== "number" || !Number.isFinite(number) || number < 0) {
      throw invalidArgument(`image config Healthcheck ${key} is not a positive number`);
    }
    check[key] = number;
  }
  return check as HealthConfig;
}

function parseRunConfig(value: unknown): ImageConfig {
  if (value == null) return {};
  const object = objectOf(value, "image config");
  const parsed: Record<string, unknown> = {};
  const keep = (key: string, field: unknown) => {
    if (field !== undefined) parsed[key] = field;
  };
  for (const key of ["User", "WorkingDir", "StopSignal"]) keep(key, textOf(object[key], `config ${key}`));
  for (const key of ["Env", "Cmd", "Entrypoint", "OnBuild", "Shell"]) {
    keep(key, textsOf(object[key], `config ${key}`));
  }
  keep("ExposedPorts", emptyObjectMap(object["ExposedPorts"], "config ExposedPorts"));
  keep("Volumes", emptyObjectMap(object["Volumes"], "config Volumes"));
  keep("Labels", textMapOf(object["Labels"], "config Labels"));
  keep("Healthcheck", parseHealthcheck(object["Healthcheck"]));
  if (object["ArgsEscaped"] === true) parsed["ArgsEscaped"] = true;
  return parsed as ImageConfig;
}

/** What an image with this config runs on. */
export function platformOfConfig(config: ImageConfigDocument): Platform {
  return normalizePlatform({
    os: config.os || "linux",
    architecture: config.architecture,
    ...(config.variant && { variant: config.variant }),
    ...(config["os.version"] && { "os.version": config["os.version"] }),
    ...(config["os.features"] && { "os.features": config["os.features"] }),
  });
}

/** The bytes of a config document. */
export function encodeImageConfig(config: ImageConfigDocument): Uint8Array {
  return Buffer.from(JSON.stringify(config));
}

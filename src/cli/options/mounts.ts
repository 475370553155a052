import { resolve } from "node:path";
import { parseBinarySize } from "../../base/bytes.ts";
import type {
  BindOptions,
  ImageOptions,
  Mount,
  MountPropagation,
  MountType,
  TmpfsOptions,
  VolumeOptions,
} from "../../spec/engine-api/mod.ts";
import { parseGoBool } from "../flags/go-values.ts";
import { splitCsv } from "./csv.ts";

/** A mount while its fields are read. */
interface Draft {
  type: string;
  source?: string;
  target?: string;
  readOnly?: boolean;
  consistency?: string;
  bind?: BindOptions;
  volume?: VolumeOptions;
  image?: ImageOptions;
  tmpfs?: TmpfsOptions;
}

type SetField = (draft: Draft, value: string, key: string) => void;

/** Runs `parse` and turns any failure into docker's words for a bad value. */
function checked<T>(key: string, value: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // The reason is not part of docker's message.
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

const setSource: SetField = (draft, value) => {
  draft.source = value.startsWith(".") ? resolve(value) : value;
};
const setTarget: SetField = (draft, value) => {
  draft.target = value;
};
const setReadOnly: SetField = (draft, value, key) => {
  draft.readOnly = checked(key, value, () => parseGoBool(value));
};

const FIELDS: Readonly<Record<string, SetField>> = {
  type: (draft, value) => {
    draft.type = value.toLowerCase();
  },
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadOnly,
  ro: setReadOnly,
  consistency: (draft, value) => {
    draft.consistency = value.toLowerCase();
  },
  "bind-propagation": (draft, value) => {
    draft.bind = { ...draft.bind, Propagation: value.toLowerCase() as MountPropagation };
  },
  "bind-nonrecursive": refuseNonRecursive,
  "bind-recursive": setRecursive,
  "bind-create-src": (draft, value, key) => {
    draft.bind = { ...draft.bind, CreateMountpoint: checked(key, value, () => parseGoBool(value)) };
  },
  "volume-subpath": (draft, value) => {
    draft.volume = { ...draft.volume, Subpath: value };
  },
  "volume-nocopy": (draft, value, key) => {
    draft.volume = { ...draft.volume, NoCopy: checked(key, value, () => parseGoBool(value)) };
  },
  "volume-label": (draft, value) => {
    draft.volume = { ...draft.volume, Labels: { ...draft.volume?.Labels, ...pair(value) } };
  },
  "volume-driver": (draft, value) => {
    draft.volume = { ...draft.volume, DriverConfig: { ...draft.volume?.DriverConfig, Name: value } };
  },
  "volume-opt": (draft, value) => {
    const config = draft.volume?.DriverConfig;
    draft.volume = {
      ...draft.volume,
      DriverConfig: { ...config, Options: { ...config?.Options, ...pair(value) } },
    };
  },
  "image-subpath": (draft, value) => {
    draft.image = { ...draft.image, Subpath: value };
  },
  "tmpfs-size": (draft, value, key) => {
    draft.tmpfs = { ...draft.tmpfs, SizeBytes: checked(key, value, () => parseBinarySize(value)) };
  },
  "tmpfs-mode": (draft, value, key) => {
    const mode = checked(key, value, () => {
      if (!/^[0-7]{1,10}$/.test(value)) throw new Error("not octal");
      return Number.parseInt(value, 8);
    });
    draft.tmpfs = { ...draft.tmpfs, Mode: mode };
  },
};

function pair(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  return equals < 0 ? { [text]: "" } : { [text.slice(0, equals)]: text.slice(equals + 1) };
}

function refuseNonRecursive(): never {
  throw new Error("bind-nonrecursive is deprecated, use bind-recursive=disabled instead");
}

function setRecursive(draft: Draft, value: string, key: string): void {
  if (value === "enabled") return;
  if (value === "disabled") draft.bind = { ...draft.bind, NonRecursive: true };
  else if (value === "writable") draft.bind = { ...draft.bind, ReadOnlyNonRecursive: true };
  else if (value === "readonly") draft.bind = { ...draft.bind, ReadOnlyForceRecursive: true };
  else
    throw new Error(
      `invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
}

function setField(draft: Draft, field: string): void {
  const equals = field.indexOf("=");
  const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
  if (equals >= 0) {
    const set = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    if (!set) throw new Error(`unexpected key '${key}' in '${field}'`);
    set(draft, field.slice(equals + 1), key);
  } else if (key === "readonly" || key === "ro") draft.readOnly = true;
  else if (key === "volume-nocopy") draft.volume = { ...draft.volume, NoCopy: true };
  else if (key === "bind-create-src") draft.bind = { ...draft.bind, CreateMountpoint: true };
  else if (key === "bind-nonrecursive") refuseNonRecursive();
  else throw new Error(`invalid field '${field}' must be a key=value pair`);
}

function check(draft: Draft): void {
  const refuse = (options: unknown, family: string) => {
    if (options !== undefined && draft.type !== family)
      throw new Error(`cannot mix '${family}-*' options with mount type '${draft.type}'`);
  };
  if (draft.type === "") throw new Error("type is required");
  if (!draft.target) throw new Error("target is required");
  refuse(draft.volume, "volume");
  refuse(draft.image, "image");
  refuse(draft.bind, "bind");
  refuse(draft.tmpfs, "tmpfs");
  const requires = (mode: string, needed: string) =>
    new Error(`option 'bind-recursive=${mode}' requires '${needed}' to be specified in conjunction`);
  if (draft.bind?.ReadOnlyNonRecursive && !draft.readOnly) throw requires("writable", "readonly");
  if (draft.bind?.ReadOnlyForceRecursive) {
    if (!draft.readOnly) throw requires("readonly", "readonly");
    if (draft.bind.Propagation !== "rprivate") throw requires("readonly", "bind-propagation=rprivate");
  }
}

/** The mount that a `--mount` value describes. Throws an Error with the text docker prints. */
export function parseMount(text: string): Mount {
  const draft: Draft = { type: "volume" };
  for (const field of splitCsv(text.trim())) setField(draft, field);
  check(draft);
  return {
    Type: draft.type as MountType,
    ...(draft.source === undefined ? {} : { Source: draft.source }),
    Target: draft.target!,
    ...(draft.readOnly ? { ReadOnly: true } : {}),
    ...(draft.consistency === undefined ? {} : { Consistency: draft.consistency }),
    ...(draft.bind ? { BindOptions: draft.bind } : {}),
    ...(draft.volume ? { VolumeOptions: draft.volume } : {}),
    ...(draft.image ? { ImageOptions: draft.image } : {}),
    ...(draft.tmpfs ? { TmpfsOptions: draft.tmpfs } : {}),
  };
}

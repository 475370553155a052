import { posix } from "node:path";
import { type EngineError, invalidArgument, messageOf } from "../../base/errors.ts";
import type { Mount, MountPropagation } from "../../spec/engine-api/mod.ts";

/** What one mount of a create request asks for, whichever of the API's forms it came in. */
export interface MountRequest {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  /** Host path, volume name, image, or empty (anonymous volume, tmpfs). */
  readonly source: string;
  readonly destination: string;
  readonly readWrite: boolean;
  readonly mode: string;
  readonly propagation: MountPropagation | "";
  readonly noCopy: boolean;
  /** Make a missing host directory: `-v` does, `--mount` does not. */
  readonly createSource: boolean;
  readonly spec: Mount | undefined;
}

const PROPAGATIONS: readonly string[] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];
const TYPES: readonly string[] = ["bind", "volume", "tmpfs", "image"];

/** Groups of words of which a mode may have one each. Consistency means something on other platforms only. */
const MODE_GROUPS: readonly (readonly string[])[] = [
  ["rw", "ro"],
  ["z", "Z"],
  PROPAGATIONS,
  ["nocopy"],
  ["consistent", "cached", "delegated"],
];

/** A clean absolute path below the root. Errors: invalidArgument with docker's texts. */
export function cleanDestination(target: string): string {
  if (posix.normalize(target).replace(/(.)\/$/, "$1") === "/") {
    throw invalidArgument("invalid specification: destination can't be '/'");
  }
  checkAbsolute(target);
  return posix.normalize(target).replace(/(.)\/$/, "$1");
}

function checkAbsolute(path: string): void {
  if (!posix.isAbsolute(path)) {
    throw invalidArgument(`invalid mount path: '${path}' mount path must be absolute`);
  }
}

/** Whether every word of a mode is known and none contradicts another; nothing at all is a mode too. */
function isMode(mode: string): boolean {
  if (mode === "") return true;
  const words = mode.split(",");
  return (
    words.every((word) => MODE_GROUPS.some((group) => group.includes(word))) &&
    MODE_GROUPS.every((group) => words.filter((word) => group.includes(word)).length <= 1)
  );
}

const invalidMode = (mode: string): EngineError => invalidArgument(`invalid mode: ${mode}`);

/** One `-v` specification: `[source:]destination[:mode]`. Errors: invalidArgument with docker's texts. */
export function parseBind(spec: string): MountRequest {
  const invalid = () => invalidArgument(`invalid volume specification: '${spec}'`);
  const parts = spec.split(":");
  if (parts[0] === "" || parts.length > 3) throw invalid();
  // A destination and a mode are no volume.
  if (parts.length === 2 && isMode(parts[1]!)) throw invalid();
  const [source, target, mode] =
    parts.length === 1 ? ["", parts[0]!, ""] : [parts[0]!, parts[1]!, parts[2] ?? ""];
  if (!isMode(mode)) throw invalidMode(mode);
  const words = mode.split(",");
  const type = posix.isAbsolute(source) ? "bind" : "volume";
  const propagation = (words.find((word) => PROPAGATIONS.includes(word)) ?? "") as MountPropagation | "";
  const noCopy = words.includes("nocopy");
  const mount: Mount = {
    Type: type,
    Source: source,
    Target: target,
    ReadOnly: words.includes("ro"),
    ...(propagation === "" ? {} : { BindOptions: { Propagation: propagation } }),
    ...(noCopy ? { VolumeOptions: { NoCopy: true } } : {}),
  };
  try {
    const request = parseMount(mount);
    return { ...request, mode, createSource: type === "bind", spec: undefined };
  } catch (error) {
    throw invalidArgument(`${invalid().message}: ${messageOf(error)}`, { cause: error });
  }
}

/** One entry of `HostConfig.Mounts`. Errors: invalidArgument with docker's texts. */
export function parseMount(mount: Mount): MountRequest {
  try {
    return checkedMount(mount);
  } catch (error) {
    throw invalidArgument(`invalid mount config for type "${mount.Type ?? ""}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function checkedMount(mount: Mount): MountRequest {
  if (!mount.Target) throw invalidArgument("field Target must not be empty");
  const destination = cleanDestination(mount.Target);
  if (!TYPES.includes(mount.Type)) throw invalidArgument("mount type unknown");
  CHECKS[mount.Type as MountRequest["type"]](mount);
  const source = mount.Source ?? "";
  return {
    type: mount.Type as MountRequest["type"],
    source: mount.Type === "bind" ? posix.normalize(source).replace(/(.)\/$/, "$1") : source,
    destination,
    readWrite: !mount.ReadOnly,
    mode: "",
    propagation: mount.BindOptions?.Propagation ?? "",
    noCopy: mount.VolumeOptions?.NoCopy ?? false,
    createSource: mount.BindOptions?.CreateMountpoint ?? false,
    spec: mount,
  };
}

const CHECKS: Readonly<Record<MountRequest["type"], (mount: Mount) => void>> = {
  bind: (mount) => {
    requireSource(mount);
    const propagation = mount.BindOptions?.Propagation;
    if (propagation && !PROPAGATIONS.includes(propagation)) {
      throw invalidArgument(`invalid propagation mode: ${propagation}`);
    }
    refuse(mount, "VolumeOptions", "ImageOptions");
    checkAbsolute(mount.Source!);
    checkReadOnlyOptions(mount);
  },
  volume: (mount) => {
    refuse(mount, "BindOptions", "ImageOptions");
    const anonymous = !mount.Source;
    const subpath = mount.VolumeOptions?.Subpath;
    if (subpath) {
      if (anonymous) throw invalidArgument("must not set Subpath when using anonymous volumes");
      checkSubpath(subpath);
    }
    if (mount.ReadOnly && anonymous) {
      throw invalidArgument("must not set ReadOnly mode when using anonymous volumes");
    }
  },
  tmpfs: (mount) => {
    refuse(mount, "BindOptions", "ImageOptions");
    if (mount.Source) throw extraField("Source");
    for (const option of mount.TmpfsOptions?.Options ?? []) {
      if (option.length < 1 || option.length > 2) throw invalidArgument("invalid option array length");
      if (option[0] !== "exec" && option[0] !== "noexec") {
        throw invalidArgument(`invalid option: ${option[0]}`);
      }
    }
  },
  image: (mount) => {
    refuse(mount, "BindOptions", "VolumeOptions");
    requireSource(mount);
    if (mount.ImageOptions?.Subpath) checkSubpath(mount.ImageOptions.Subpath);
  },
};

const extraField = (name: string): EngineError => invalidArgument(`field ${name} must not be specified`);

function requireSource(mount: Mount): void {
  if (!mount.Source) throw invalidArgument("field Source must not be empty");
}

function refuse(mount: Mount, ...names: ("BindOptions" | "VolumeOptions" | "ImageOptions")[]): void {
  for (const name of names) if (mount[name]) throw extraField(name);
}

/** A path that stays inside by its words alone; links in it are looked at when it is opened. */
function checkSubpath(path: string): void {
  const clean = posix.normalize(path);
  if (posix.isAbsolute(path) || clean === ".." || clean.startsWith("../")) {
    throw invalidArgument("subpath must be a relative path within the volume");
  }
}

function checkReadOnlyOptions({ ReadOnly: readOnly, BindOptions: options }: Mount): void {
  const conflict = (what: string) => invalidArgument(`mount options conflict: ${what}`);
  if (!readOnly && options?.ReadOnlyNonRecursive) {
    throw conflict("!ReadOnly && BindOptions.ReadOnlyNonRecursive");
  }
  if (!readOnly && options?.ReadOnlyForceRecursive) {
    throw conflict("!ReadOnly && BindOptions.ReadOnlyForceRecursive");
  }
  if (options?.ReadOnlyNonRecursive && options.ReadOnlyForceRecursive) {
    throw conflict("ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive");
  }
}

/** A `--volumes-from` entry: the container and whether its volumes are wanted read-only. Errors: invalidArgument. */
export function parseVolumesFrom(spec: string): { readonly container: string; readonly readOnly: boolean } {
  if (spec === "") throw invalidArgument("volumes-from specification cannot be an empty string");
  const colon = spec.indexOf(":");
  const [container, mode] = colon < 0 ? [spec, ""] : [spec.slice(0, colon), spec.slice(colon + 1)];
  const words = mode.split(",");
  const foreign = (word: string) => PROPAGATIONS.includes(word) || word === "nocopy";
  if (!isMode(mode) || words.some(foreign)) throw invalidMode(mode);
  return { container, readOnly: words.includes("ro") };
}

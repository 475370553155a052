import { posix } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import type { Mount, MountPropagation } from "../../spec/engine-api/mod.ts";

/** What one mount of a create request asks for, whichever of the API's forms it came in. */
export interface MountRequest {
  readonly type: "bind" | "volume" | "tmpfs";
  /** Host path, volume name, or empty (anonymous volume, tmpfs). */
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
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

function checkDestination(destination: string, spec: string): string {
  if (!posix.isAbsolute(destination)) {
    throw invalidArgument(
      `invalid volume specification: '${spec}': invalid mount path: '${destination}' mount path must be absolute`,
    );
  }
  const clean = posix.normalize(destination).replace(/(.)\/$/, "$1");
  if (clean === "/") {
    throw invalidArgument(
      `invalid volume specification: '${spec}': invalid mount config for type "volume": invalid specification: destination can't be '/'`,
    );
  }
  return clean;
}

interface BindMode {
  readonly readWrite: boolean;
  readonly propagation: MountPropagation | "";
  readonly noCopy: boolean;
}

function parseBindMode(mode: string, spec: string): BindMode {
  let access: string | undefined;
  let propagation: MountPropagation | "" = "";
  let noCopy = false;
  const invalid = () => invalidArgument(`invalid volume specification: '${spec}': invalid mode: ${mode}`);
  for (const word of mode.split(",")) {
    if (word === "ro" || word === "rw") {
      if (access !== undefined) throw invalid();
      access = word;
    } else if (PROPAGATIONS.includes(word)) {
      if (propagation !== "") throw invalid();
      propagation = word as MountPropagation;
    } else if (word === "nocopy") {
      if (noCopy) throw invalid();
      noCopy = true;
    } else if (word !== "z" && word !== "Z") {
      throw invalid();
    }
  }
  return { readWrite: access !== "ro", propagation, noCopy };
}

/** One `-v` specification: `[source:]destination[:mode]`. Errors: invalidArgument with docker's text. */
export function parseBind(spec: string): MountRequest {
  const parts = spec.split(":");
  if (spec === "" || parts.length > 3 || parts.some((part) => part === "")) {
    throw invalidArgument(`invalid volume specification: '${spec}'`);
  }
  const [source, target, mode] =
    parts.length === 1 ? ["", parts[0]!, ""] : [parts[0]!, parts[1]!, parts[2] ?? ""];
  const destination = checkDestination(target, spec);
  const parsed =
    mode === "" ? { readWrite: true, propagation: "" as const, noCopy: false } : parseBindMode(mode, spec);
  const isPath = posix.isAbsolute(source);
  if (!isPath && source !== "" && !VOLUME_NAME.test(source)) {
    throw invalidArgument(
      `invalid volume specification: '${spec}': create ${source}: "${source}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  if (!isPath && parsed.propagation !== "") {
    throw invalidArgument(`invalid volume specification: '${spec}': invalid mode: ${mode}`);
  }
  return {
    type: isPath ? "bind" : "volume",
    source: isPath ? posix.normalize(source) : source,
    destination,
    mode,
    createSource: true,
    spec: undefined,
    ...parsed,
  };
}

/** One entry of `HostConfig.Mounts`. Errors: invalidArgument with docker's text. */
export function parseMount(mount: Mount): MountRequest {
  const invalid = (why: string) => invalidArgument(`invalid mount config for type "${mount.Type}": ${why}`);
  if (mount.Type !== "bind" && mount.Type !== "volume" && mount.Type !== "tmpfs") {
    throw invalid(`mount type unknown: "${mount.Type}"`);
  }
  if (!mount.Target) throw invalid("field Target must not be empty");
  if (!posix.isAbsolute(mount.Target)) {
    throw invalid(`invalid mount path: '${mount.Target}' mount path must be absolute`);
  }
  const destination = posix.normalize(mount.Target).replace(/(.)\/$/, "$1");
  if (destination === "/") throw invalid("invalid specification: destination can't be '/'");
  const source = mount.Source ?? "";
  if (mount.Type === "bind") {
    if (source === "") throw invalid("field Source must not be empty");
    if (!posix.isAbsolute(source)) {
      throw invalid(`invalid mount path: '${source}' mount path must be absolute`);
    }
  }
  if (mount.Type === "tmpfs" && source !== "") throw invalid("field Source must not be specified");
  if (mount.Type === "volume" && source === "" && mount.ReadOnly) {
    throw invalid("must not set ReadOnly mode when using anonymous volumes");
  }
  if (mount.Type === "volume" && source !== "" && !VOLUME_NAME.test(source)) {
    throw invalid(
      `"${source}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    );
  }
  for (const [options, type] of [
    ["BindOptions", "bind"],
    ["VolumeOptions", "volume"],
    ["TmpfsOptions", "tmpfs"],
  ] as const) {
    if (mount[options] && mount.Type !== type) throw invalid(`field ${options} must not be specified`);
  }
  return {
    type: mount.Type,
    source: mount.Type === "bind" ? posix.normalize(source) : source,
    destination,
    readWrite: !mount.ReadOnly,
    mode: "",
    propagation: mount.BindOptions?.Propagation ?? "",
    noCopy: mount.VolumeOptions?.NoCopy ?? false,
    createSource: mount.BindOptions?.CreateMountpoint ?? false,
    spec: mount,
  };
}

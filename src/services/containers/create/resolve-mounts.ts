import { stat } from "node:fs/promises";
import type { Digest } from "../../../base/digest.ts";
import { invalidArgument, isKind, messageOf } from "../../../base/errors.ts";
import type { BindMount, ContainerMount, VolumeMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { VolumeRecord } from "../../../core/volumes/volume.ts";
import type { ContainerConfig, HostConfig, MountPropagation } from "../../../spec/engine-api/mod.ts";
import {
  cleanDestination,
  type MountRequest,
  parseBind,
  parseMount,
  parseVolumesFrom,
} from "../mount-requests.ts";
import { mergeTmpfsOptions, tmpfsOptionsOf } from "../tmpfs-options.ts";

/** What resolving mounts needs of the rest of the engine. */
export interface MountResolver {
  ensureVolume(wanted: Omit<VolumeRecord, "createdAt">): Promise<VolumeRecord>;
  ensureAnonymousVolume(driver: string): Promise<VolumeRecord>;
  /** The container that `--volumes-from` names. Errors: notFound. */
  container(idOrName: string): ContainerRecord;
  /** The image that a mount shows. Errors: notFound. */
  image(reference: string): Promise<{ readonly id: Digest }>;
  /** Where the engine keeps its own files. */
  readonly dataRoot: string;
}

/** What the API version of a request says about mounts. */
export interface MountOptions {
  /** Read-only `Binds`, which cannot say it themselves, leave what is mounted below them writable. */
  readonly readOnlyBindsAreFlat: boolean;
}

/**
 * Everything that is mounted into the container, parents before children. Named and anonymous volumes exist
 * afterwards. Order of precedence as docker: `--volumes-from`, then `-v`, then `--mount`; the image's volumes fill
 * what is left. Errors: invalidArgument (docker's texts), notFound.
 */
export async function resolveMounts(
  config: ContainerConfig,
  hostConfig: HostConfig,
  resolver: MountResolver,
  options: MountOptions,
): Promise<ContainerMount[]> {
  const mounts = new Map<string, ContainerMount>();
  const tmpfs = (hostConfig.Tmpfs ? Object.entries(hostConfig.Tmpfs) : []).map(([target, options]) => ({
    destination: cleanDestination(target),
    options: mergeTmpfsOptions(options === "" ? [] : options.split(",")),
  }));
  const binds = (hostConfig.Binds ?? []).map((bind) => parseBind(bind));
  const others = (hostConfig.Mounts ?? []).map((mount) => parseMount(mount));
  for (const source of hostConfig.VolumesFrom ?? []) {
    for (const mount of inheritedMounts(source, resolver)) mounts.set(mount.destination, mount);
  }
  const seen = new Set<string>();
  for (const request of [...binds, ...others]) {
    const { destination } = request;
    const covered = binds.includes(request) && tmpfs.some((each) => each.destination === destination);
    if (seen.has(destination) || covered) throw invalidArgument(`Duplicate mount point: ${destination}`);
    seen.add(destination);
    mounts.set(destination, await resolveRequest(request, hostConfig, resolver, options));
  }
  for (const { destination, options } of tmpfs) {
    mounts.set(destination, {
      type: "tmpfs",
      destination,
      readWrite: true,
      mode: "",
      options,
      listed: false,
    });
  }
  for (const target of Object.keys(config.Volumes ?? {})) {
    // An image may name its volumes without the slash: they are meant from the root on.
    const destination = cleanDestination(target.startsWith("/") ? target : `/${target}`);
    if (mounts.has(destination)) continue;
    const volume = await resolver.ensureAnonymousVolume(hostConfig.VolumeDriver || "local");
    mounts.set(destination, volumeMount(volume, destination, { anonymous: true }));
  }
  return [...mounts.values()].sort(
    (a, b) => depth(a.destination) - depth(b.destination) || (a.destination < b.destination ? -1 : 1),
  );
}

function depth(path: string): number {
  return path.split("/").length;
}

function inheritedMounts(source: string, resolver: MountResolver): ContainerMount[] {
  const { container, readOnly } = parseVolumesFrom(source);
  return findSource(container, resolver)
    .mounts.filter((mount) => mount.type !== "tmpfs")
    .map((mount) => ({
      ...mount,
      readWrite: mount.readWrite && !readOnly,
      mode: "",
      // They were filled for the container they come from.
      ...(mount.type === "volume" ? { noCopy: true } : {}),
    }));
}

function findSource(container: string, resolver: MountResolver): ContainerRecord {
  try {
    return resolver.container(container);
  } catch (error) {
    // The request is wrong, not the resource it is about.
    if (isKind(error, "notFound")) throw invalidArgument(error.message, { cause: error });
    throw error;
  }
}

async function resolveRequest(
  request: MountRequest,
  hostConfig: HostConfig,
  resolver: MountResolver,
  mountOptions: MountOptions,
): Promise<ContainerMount> {
  const { type, destination, readWrite } = request;
  switch (type) {
    case "bind":
      return await bindMount(request, resolver.dataRoot, mountOptions);
    case "tmpfs": {
      const options = mergeTmpfsOptions(tmpfsOptionsOf(request.spec?.TmpfsOptions, !readWrite));
      return { type, destination, readWrite, mode: "", options, listed: true };
    }
    case "image": {
      const { id } = await resolver.image(request.source);
      return {
        type,
        destination,
        readWrite: false,
        mode: "",
        reference: request.source,
        imageId: id,
        subpath: request.spec?.ImageOptions?.Subpath ?? "",
      };
    }
    case "volume":
      return await requestedVolume(request, hostConfig, resolver);
  }
}

async function requestedVolume(
  request: MountRequest,
  hostConfig: HostConfig,
  resolver: MountResolver,
): Promise<VolumeMount> {
  const options = request.spec?.VolumeOptions;
  // The container's own driver is for `-v`; `--mount` names one for itself.
  const driver = request.spec ? (options?.DriverConfig?.Name ?? "") : (hostConfig.VolumeDriver ?? "");
  const anonymous = request.source === "";
  const volume = anonymous
    ? await resolver.ensureAnonymousVolume(driver)
    : await resolver.ensureVolume({
        name: request.source,
        driver,
        options: options?.DriverConfig?.Options ?? {},
        labels: options?.Labels ?? {},
        anonymous: false,
      });
  return volumeMount(volume, request.destination, {
    anonymous,
    readWrite: request.readWrite,
    mode: request.mode || (volume.driver === "local" ? "z" : ""),
    noCopy: request.noCopy,
    subpath: options?.Subpath ?? "",
  });
}

async function bindMount(
  request: MountRequest,
  dataRoot: string,
  { readOnlyBindsAreFlat }: MountOptions,
): Promise<BindMount> {
  const options = request.spec?.BindOptions;
  if (!request.createSource) await checkSource(request.source);
  const propagationIsOurs = wantsSlave(request, dataRoot);
  return {
    type: "bind",
    source: request.source,
    destination: request.destination,
    readWrite: request.readWrite,
    mode: request.mode,
    propagation: propagationIsOurs ? "rslave" : request.propagation || "rprivate",
    propagationIsOurs,
    createSource: request.createSource,
    nonRecursive: options?.NonRecursive ?? false,
    readOnlyNonRecursive: request.spec ? (options?.ReadOnlyNonRecursive ?? false) : readOnlyBindsAreFlat,
    readOnlyForceRecursive: options?.ReadOnlyForceRecursive ?? false,
  };
}

async function checkSource(source: string): Promise<void> {
  try {
    await stat(source);
  } catch (error) {
    throw invalidArgument(`invalid mount config for type "bind": ${whyNoSource(source, error)}`, {
      cause: error,
    });
  }
}

function whyNoSource(source: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `bind source path does not exist: ${source}`;
  if (code === "ENOTDIR") return `stat ${source}: not a directory`;
  if (code === "EACCES") return `stat ${source}: permission denied`;
  return messageOf(error);
}

/** Propagations with which a container lets go of a mount when the engine does. */
const FOLLOWING: readonly (MountPropagation | "")[] = ["rslave", "rshared", ""];

/**
 * Whether a bind shows the container the engine's own mounts: a private copy of one would keep it from being taken
 * away. Errors: invalidArgument where the user asks for just that.
 */
function wantsSlave({ source, propagation }: MountRequest, dataRoot: string): boolean {
  if (!source.startsWith(dataRoot) && !dataRoot.startsWith(source)) return false;
  if (FOLLOWING.includes(propagation)) return propagation === "";
  throw invalidArgument(
    `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: ${JSON.stringify(dataRoot)}, bind mount source: ${JSON.stringify(source)}, propagation: ${JSON.stringify(propagation)}`,
  );
}

function volumeMount(
  volume: VolumeRecord,
  destination: string,
  options: Partial<Pick<VolumeMount, "anonymous" | "readWrite" | "mode" | "noCopy" | "subpath">>,
): VolumeMount {
  return {
    type: "volume",
    name: volume.name,
    driver: volume.driver,
    destination,
    readWrite: options.readWrite ?? true,
    mode: options.mode ?? "",
    noCopy: options.noCopy ?? false,
    subpath: options.subpath ?? "",
    anonymous: options.anonymous ?? false,
  };
}

import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { invalidArgument, notImplemented } from "../../../base/errors.ts";
import type { ContainerMount, VolumeMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { VolumeRecord } from "../../../core/volumes/volume.ts";
import type { ContainerConfig, HostConfig, Mount } from "../../../spec/engine-api/mod.ts";
import { type MountRequest, parseBind, parseMount } from "../mount-requests.ts";

/** What resolving mounts needs of the rest of the engine. */
export interface MountResolver {
  ensureVolume(wanted: Omit<VolumeRecord, "createdAt">): Promise<VolumeRecord>;
  ensureAnonymousVolume(driver: string): Promise<VolumeRecord>;
  /** The container that `--volumes-from` names. Errors: notFound. */
  container(idOrName: string): ContainerRecord;
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
): Promise<ContainerMount[]> {
  const mounts = new Map<string, ContainerMount>();
  for (const source of hostConfig.VolumesFrom ?? []) {
    for (const mount of inheritedMounts(source, resolver)) mounts.set(mount.destination, mount);
  }
  const seen = new Set<string>();
  const requests = [
    ...(hostConfig.Binds ?? []).map((bind) => parseBind(bind)),
    ...(hostConfig.Mounts ?? []).map((mount) => parseMount(mount)),
  ];
  for (const request of requests) {
    if (seen.has(request.destination)) throw invalidArgument(`Duplicate mount point: ${request.destination}`);
    seen.add(request.destination);
    mounts.set(request.destination, await resolveRequest(request, hostConfig, resolver));
  }
  for (const [target, options] of Object.entries(hostConfig.Tmpfs ?? {})) {
    const destination = cleanTarget(target);
    if (seen.has(destination)) throw invalidArgument(`Duplicate mount point: ${destination}`);
    seen.add(destination);
    mounts.set(destination, tmpfsMount(destination, options === "" ? [] : options.split(",")));
  }
  for (const target of Object.keys(config.Volumes ?? {})) {
    const destination = cleanTarget(target);
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

function cleanTarget(target: string): string {
  if (!posix.isAbsolute(target)) {
    throw invalidArgument(`invalid mount path: '${target}' mount path must be absolute`);
  }
  const clean = posix.normalize(target).replace(/(.)\/$/, "$1");
  if (clean === "/") throw invalidArgument("invalid specification: destination can't be '/'");
  return clean;
}

function inheritedMounts(source: string, resolver: MountResolver): ContainerMount[] {
  const [name, mode, ...rest] = source.split(":");
  if (!name || rest.length > 0) throw invalidArgument(`invalid volumes-from specification: ${source}`);
  if (mode !== undefined && mode !== "ro" && mode !== "rw" && mode !== "z" && mode !== "Z") {
    throw invalidArgument(`invalid mode for volumes-from: ${mode}`);
  }
  return resolver
    .container(name)
    .mounts.filter((mount) => mount.type !== "tmpfs")
    .map((mount) => ({
      ...mount,
      readWrite: mount.readWrite && mode !== "ro",
      ...(mode === "ro" || mode === "rw" ? { mode } : {}),
    }));
}

async function resolveRequest(
  request: MountRequest,
  hostConfig: HostConfig,
  resolver: MountResolver,
): Promise<ContainerMount> {
  if (request.type === "bind") return await bindMount(request);
  if (request.type === "tmpfs")
    return tmpfsMount(request.destination, tmpfsOptions(request.spec!), request.readWrite);
  const options = request.spec?.VolumeOptions;
  if (options?.Subpath) throw notImplemented("volume sub-paths are not supported yet");
  const driver = options?.DriverConfig?.Name || hostConfig.VolumeDriver || "local";
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
    mode: request.spec ? "z" : request.mode,
    noCopy: request.noCopy,
  });
}

async function bindMount(request: MountRequest): Promise<ContainerMount> {
  const options = request.spec?.BindOptions;
  if (!request.createSource) {
    try {
      await stat(request.source);
    } catch (error) {
      throw invalidArgument(
        `invalid mount config for type "bind": bind source path does not exist: ${request.source}`,
        { cause: error },
      );
    }
  }
  return {
    type: "bind",
    source: request.source,
    destination: request.destination,
    readWrite: request.readWrite,
    mode: request.mode,
    propagation: request.propagation || "rprivate",
    nonRecursive: options?.NonRecursive ?? false,
    readOnlyNonRecursive: options?.ReadOnlyNonRecursive ?? false,
    readOnlyForceRecursive: options?.ReadOnlyForceRecursive ?? false,
  };
}

function volumeMount(
  volume: VolumeRecord,
  destination: string,
  options: Partial<Pick<VolumeMount, "anonymous" | "readWrite" | "mode" | "noCopy">>,
): VolumeMount {
  return {
    type: "volume",
    name: volume.name,
    driver: volume.driver,
    destination,
    readWrite: options.readWrite ?? true,
    mode: options.mode ?? "",
    noCopy: options.noCopy ?? false,
    subpath: "",
    anonymous: options.anonymous ?? false,
  };
}

function tmpfsMount(destination: string, options: readonly string[], readWrite = true): ContainerMount {
  return { type: "tmpfs", destination, readWrite, mode: "", options };
}

function tmpfsOptions(mount: Mount): string[] {
  const options = mount.TmpfsOptions;
  const result: string[] = [];
  if (options?.SizeBytes) result.push(`size=${options.SizeBytes}`);
  if (options?.Mode) result.push(`mode=${options.Mode.toString(8)}`);
  for (const [key, value] of options?.Options ?? [])
    result.push(value === undefined ? key! : `${key}=${value}`);
  return result;
}

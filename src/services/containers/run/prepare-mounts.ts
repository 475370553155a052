import { mkdir, realpath, stat } from "node:fs/promises";
import { internal } from "../../../base/errors.ts";
import type {
  BindMount,
  ImageMount,
  TmpfsMount,
  VolumeMount,
} from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ResolvedMount } from "../../../drivers/runtime-oci/mod.ts";
import { findMountOf, type MountRow } from "../../../os/linux/mountinfo.ts";
import type { MountPropagation } from "../../../spec/engine-api/mod.ts";
import type { ContainerParts } from "../parts.ts";
import { openSubpath } from "./open-subpath.ts";
import { refuseProcMounts } from "./refuse-proc-mounts.ts";

/**
 * Volumes are lent, images mounted, and host directories asked for by `-v` exist. Repeating it is harmless; what it did
 * before it failed is taken back by `releaseMounts`. Errors: notFound, invalidArgument, internal with docker's texts.
 */
export async function prepareMounts(
  parts: ContainerParts,
  record: ContainerRecord,
): Promise<ResolvedMount[]> {
  await refuseProcMounts(record.mounts);
  const prepared: ResolvedMount[] = [];
  for (const mount of record.mounts) {
    if (mount.type === "tmpfs") prepared.push(tmpfs(mount));
    else if (mount.type === "bind") prepared.push(await bind(mount));
    else prepared.push(await borrowed(mount, await borrowSource(parts, record, mount)));
    if (mount.type === "volume") publishMount(parts, record, mount);
  }
  return prepared;
}

/** The path that a container's volume or image is bound from; held for the container until `releaseMounts`. */
export async function borrowSource(
  parts: ContainerParts,
  record: ContainerRecord,
  mount: VolumeMount | ImageMount,
): Promise<string> {
  const index = record.mounts.indexOf(mount);
  const base =
    mount.type === "volume"
      ? await parts.volumes.mount(mount.name, record.id)
      : await parts.sideMounts.mountImage(record.id, index, () => topLayerOf(parts, mount));
  if (mount.subpath === "") return base;
  using node = openSubpath(base, mount.subpath);
  return await parts.sideMounts.bindNode(record.id, index, node);
}

async function topLayerOf(parts: ContainerParts, mount: ImageMount): Promise<string> {
  return (await parts.images.resolve(mount.imageId, undefined)).topLayer;
}

/** Gives back what `prepareMounts` and `borrowSource` borrowed. Idempotent. */
export async function releaseMounts(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  await parts.sideMounts.release(record.id);
  for (const mount of record.mounts) {
    if (mount.type !== "volume" || !(await parts.volumes.unmount(mount.name, record.id))) continue;
    parts.events.publish({
      type: "volume",
      action: "unmount",
      actor: { id: mount.name, attributes: { container: record.id, driver: mount.driver } },
    });
  }
}

function publishMount(parts: ContainerParts, record: ContainerRecord, mount: VolumeMount): void {
  parts.events.publish({
    type: "volume",
    action: "mount",
    actor: {
      id: mount.name,
      attributes: {
        container: record.id,
        destination: mount.destination,
        driver: mount.driver,
        propagation: "",
        "read/write": String(mount.readWrite),
      },
    },
  });
}

async function borrowed(mount: VolumeMount | ImageMount, source: string): Promise<ResolvedMount> {
  return {
    type: "bind",
    source,
    destination: mount.destination,
    readOnly: !mount.readWrite,
    ...((await isDirectory(source)) ? { recursiveReadOnly: "possible" } : {}),
    propagation: "rprivate",
  };
}

async function bind(mount: BindMount): Promise<ResolvedMount> {
  if (mount.createSource) await makeBindSource(mount.source);
  return {
    type: "bind",
    source: mount.source,
    destination: mount.destination,
    readOnly: !mount.readWrite,
    ...(mount.readOnlyNonRecursive || !(await isDirectory(mount.source))
      ? {}
      : { recursiveReadOnly: mount.readOnlyForceRecursive ? "required" : "possible" }),
    propagation: await checkedPropagation(mount),
    nonRecursive: mount.nonRecursive,
  };
}

/** A source that `--mount` asked for was checked when the container was created; one that `-v` asked for is made. */
async function makeBindSource(source: string): Promise<void> {
  try {
    await mkdir(source, { recursive: true, mode: 0o755 });
  } catch (error) {
    // A file is as good as a directory, and so is a link to one.
    if (await isThere(source)) return;
    throw internal(`error while creating mount source path '${source}': mkdir ${source}: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** Nothing is mounted below a file, and crun (1.8) fails where it is asked to see to it all the same. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // What is missing, or cannot be looked at, is for the OCI runtime to complain about.
    return false;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // Whatever is wrong with it, the failure to make it has the better text.
    return false;
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EEXIST" ? "file exists" : code === "ENOTDIR" ? "not a directory" : String(code);
}

/** Errors: internal where mount events cannot travel from the source as the mount wants them. */
async function checkedPropagation(mount: BindMount): Promise<MountPropagation> {
  const { source, propagation } = mount;
  if (propagation === "shared" || propagation === "rshared") {
    const row = await mountOf(source);
    if (row.peerGroup !== undefined) return propagation;
    throw internal(`path ${source} is mounted on ${row.mountPoint} but it is not a shared mount`);
  }
  if (propagation === "slave" || propagation === "rslave") {
    const row = await mountOf(source);
    if (row.peerGroup !== undefined || row.master !== undefined) return propagation;
    if (mount.propagationIsOurs) return "rprivate";
    throw internal(`path ${source} is mounted on ${row.mountPoint} but it is not a shared or slave mount`);
  }
  return propagation;
}

async function mountOf(source: string): Promise<MountRow> {
  const row = findMountOf(await realpath(source));
  if (!row) throw internal(`Could not find source mount of ${source}`);
  return row;
}

function tmpfs(mount: TmpfsMount): ResolvedMount {
  return { type: "tmpfs", destination: mount.destination, readOnly: false, options: mount.options };
}

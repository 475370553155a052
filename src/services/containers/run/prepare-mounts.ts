import { mkdir, stat } from "node:fs/promises";
import { internal } from "../../../base/errors.ts";
import type { BindMount, TmpfsMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ResolvedMount } from "../../../drivers/runtime-oci/mod.ts";
import type { ContainerParts } from "../parts.ts";
import { fillVolume } from "./fill-volume.ts";

/**
 * Volumes are lent, filled with the image's files where they are new, and host directories asked for by `-v` exist.
 * Repeating it is harmless.
 */
export async function prepareMounts(
  parts: ContainerParts,
  record: ContainerRecord,
  rootfs: string,
): Promise<ResolvedMount[]> {
  const prepared: ResolvedMount[] = [];
  for (const mount of record.mounts) {
    if (mount.type === "tmpfs") {
      prepared.push(tmpfs(mount));
    } else if (mount.type === "bind") {
      await makeBindSource(mount.source);
      prepared.push(bind(mount));
    } else {
      const source = await parts.volumes.mount(mount.name, record.id);
      if (!mount.noCopy) await fillVolume(rootfs, mount.destination, source, parts.copyTree);
      prepared.push({
        type: "bind",
        source,
        destination: mount.destination,
        readOnly: !mount.readWrite,
        propagation: "rprivate",
      });
    }
  }
  return prepared;
}

/** Gives back what `prepareMounts` borrowed. Idempotent. */
export async function releaseMounts(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type === "volume") await parts.volumes.unmount(mount.name, record.id);
  }
}

/** A source that `--mount` asked for was checked when the container was created; one that `-v` asked for is made. */
async function makeBindSource(source: string): Promise<void> {
  try {
    await stat(source);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    try {
      await mkdir(source, { recursive: true, mode: 0o755 });
    } catch (failure) {
      throw internal(
        `error while creating mount source path '${source}': mkdir ${source}: ${reason(failure)}`,
        {
          cause: failure,
        },
      );
    }
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EEXIST" ? "file exists" : code === "ENOTDIR" ? "not a directory" : String(code);
}

function bind(mount: BindMount): ResolvedMount {
  return {
    type: "bind",
    source: mount.source,
    destination: mount.destination,
    // `rro` makes what is mounted below read-only too and fails where it cannot.
    readOnly: !mount.readWrite && !mount.readOnlyForceRecursive,
    propagation: mount.propagation,
    nonRecursive: mount.nonRecursive,
    ...(mount.readOnlyForceRecursive ? { options: ["rro"] } : {}),
  };
}

function tmpfs(mount: TmpfsMount): ResolvedMount {
  return {
    type: "tmpfs",
    destination: mount.destination,
    readOnly: !mount.readWrite,
    options: mount.options,
  };
}

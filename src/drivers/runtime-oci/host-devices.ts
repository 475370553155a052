import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { notFound } from "../../base/errors.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { LinuxDevice } from "../../spec/oci-runtime/mod.ts";

/** Entries of /dev that belong to the container's own /dev and not to the host's devices. */
const OWN_ENTRIES = new Set(["pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"]);
const PERMISSION_BITS = 0o777;

/** A device number taken apart as glibc's major(3) and minor(3) do. */
function splitNumber(device: number): { major: number; minor: number } {
  const bits = BigInt(device);
  return {
    major: Number(((bits >> 32n) & 0xfffff000n) | ((bits >> 8n) & 0xfffn)),
    minor: Number(((bits >> 12n) & 0xffffff00n) | (bits & 0xffn)),
  };
}

function describe(path: string, stats: Stats): LinuxDevice | undefined {
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return undefined;
  return {
    type: stats.isBlockDevice() ? "b" : "c",
    path,
    ...splitNumber(stats.rdev),
    fileMode: stats.mode & PERMISSION_BITS,
    uid: stats.uid,
    gid: stats.gid,
  };
}

function listDevices(directory: string): LinuxDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return OWN_ENTRIES.has(entry.name) ? [] : listDevices(path);
    if (OWN_ENTRIES.has(entry.name)) return [];
    try {
      return describe(path, lstatSync(path)) ?? [];
    } catch (error) {
      // Devices come and go while the directory is read.
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  });
}

/**
 * The device at a host path, links followed; all devices of a directory. Never empty. Errors: notFound where there is
 * none, saying only why.
 */
export function findHostDevices(path: string): LinuxDevice[] {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) throw notFound("no such file or directory", { cause: error });
    throw error;
  }
  const device = describe(path, stats);
  const devices = device ? [device] : stats.isDirectory() ? listDevices(path) : [];
  if (devices.length === 0) throw notFound("not a device node");
  return devices;
}

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBusyboxRoot } from "../test/fixtures/busybox-root.ts";
import type { Workspace } from "./peers/peer.ts";
import { runOrThrow } from "./peers/process.ts";
import { mountScratchDisk } from "./scratch-disk.ts";

/** A directory on a disk of its own with the image that every peer runs; gone on disposal. */
export function makeWorkspace(): Workspace & Disposable {
  const base = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const directory = join(base, "disk");
  mountScratchDisk(directory);
  const rootfs = join(directory, "rootfs");
  mkdirSync(rootfs);
  makeBusyboxRoot(rootfs);
  const imageTar = join(directory, "image.tar");
  runOrThrow(["tar", "-C", rootfs, "-cf", imageTar, "."]);
  return {
    directory,
    rootfs,
    imageTar,
    [Symbol.dispose]() {
      runOrThrow(["umount", "--lazy", directory]);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

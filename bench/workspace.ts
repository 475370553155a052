import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBusyboxRoot } from "../test/fixtures/busybox-root.ts";
import type { Workspace } from "./peers/peer.ts";
import { runOrThrow } from "./peers/process.ts";

/** A directory with the image that every peer runs; removed on disposal. */
export function makeWorkspace(): Workspace & Disposable {
  const directory = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const rootfs = join(directory, "rootfs");
  mkdirSync(rootfs);
  makeBusyboxRoot(rootfs);
  const imageTar = join(directory, "image.tar");
  runOrThrow(["tar", "-C", rootfs, "-cf", imageTar, "."]);
  return {
    directory,
    rootfs,
    imageTar,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

import { conflict } from "../../base/errors.ts";
import { packTree } from "../../drivers/layers/mod.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { holdDuring } from "./archive/hold-during.ts";
import { type ContainerParts, currentRecord, isRunning, publishContainerEvent } from "./parts.ts";

/**
 * The container's root file system as a tar; what is mounted into it shows as empty directories. A container that does
 * not run is held until the tar was read, the reader stops, or the signal is aborted. Errors: conflict.
 */
export async function exportContainer(
  parts: ContainerParts,
  id: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<AsyncIterable<Uint8Array>> {
  const held = await holdRootfs(parts, id, "export");
  publishContainerEvent(parts, currentRecord(parts, id), "export");
  const tar = packTree(parts.workers, { kind: "tree", directory: held.path }, { signal });
  return holdDuring(tar, held, { signal, logger: parts.logger });
}

/** A container's root file system, mounted for one operation. */
export interface HeldRootfs extends AsyncDisposable {
  /** Where this process and its threads reach it. */
  readonly path: string;
}

/**
 * The root file system is mounted, without the container's own mounts: those are in a namespace of the container. A running
 * container is not held: it may end, and what it had mounted stays to be read.
 */
export async function holdRootfs(
  parts: ContainerParts,
  id: string,
  purpose: "export" | "commit",
): Promise<HeldRootfs> {
  await using held = new AsyncDisposableStack();
  held.use(await parts.locks.acquire(id));
  const record = currentRecord(parts, id);
  if (record.state.status === "removing") {
    throw conflict(`You cannot ${purpose} container ${id} which is being removed`);
  }
  if (record.state.status === "dead") throw conflict(`You cannot ${purpose} container ${id} which is Dead`);
  if (isRunning(record)) {
    const root = RootDir.open(parts.rootfs.pathOf(id));
    return { path: `/proc/self/fd/${root.fd}`, [Symbol.asyncDispose]: async () => root.close() };
  }
  const path = await parts.rootfs.mount(id);
  held.defer(() => parts.rootfs.unmount(id));
  const moved = held.move();
  return { path, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

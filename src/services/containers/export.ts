import { conflict } from "../../base/errors.ts";
import { packTree } from "../../drivers/layers/mod.ts";
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
  const tar = packTree(parts.workers, { kind: "tree", directory: parts.rootfs.pathOf(id) }, { signal });
  return holdDuring(tar, held, { signal, logger: parts.logger });
}

/**
 * The root file system is mounted at its place, without the container's own mounts: those are in a namespace of the
 * container. A running container is not held: its mount stays for whoever has it open.
 */
export async function holdRootfs(
  parts: ContainerParts,
  id: string,
  purpose: "export" | "commit",
): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  held.use(await parts.locks.acquire(id));
  const record = currentRecord(parts, id);
  if (record.state.status === "removing") {
    throw conflict(`You cannot ${purpose} container ${id} which is being removed`);
  }
  if (record.state.status === "dead") throw conflict(`You cannot ${purpose} container ${id} which is Dead`);
  if (isRunning(record)) return { [Symbol.asyncDispose]: async () => {} };
  await parts.rootfs.mount(id);
  held.defer(() => parts.rootfs.unmount(id));
  const moved = held.move();
  return { [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

import { closeFd, O_PATH, type OwnedFd, openFd } from "./fd.ts";
import { isKernelAtLeast } from "./kernel-info.ts";
import { MS, mount } from "./mount.ts";
import { FilesystemContext, MOUNT_ATTR } from "./mount-api.ts";
import { isErrno } from "./syscall-error.ts";

export interface OverlayMount {
  readonly target: string;
  /** Read-only directories, uppermost first; at least one. */
  readonly lower: readonly string[];
  /** The writable directory and its work directory on the same file system; both or neither. */
  readonly upper?: string;
  readonly work?: string;
  readonly readOnly?: boolean;
  /** Further options of overlayfs: `metacopy: "on"`, `volatile: true`. */
  readonly options?: Readonly<Record<string, string | true>>;
}

/** The kernel refuses longer values in fsconfig(2). */
const MAX_VALUE_BYTES = 255;

// Whether this kernel takes lower directories one by one (Linux 6.7); unknown until the first mount. Before 6.5 overlayfs
// takes any option into a context and refuses it when it mounts, so there the version decides.
let appendsLower: boolean | undefined = isKernelAtLeast(6, 5) ? undefined : false;

/**
 * An overlay of `lower` (and `upper`) is at `target`. Any number of layers that overlayfs itself allows (500) and any
 * length of path: nothing has to fit into one page. Either mounted whole or not at all.
 * Errors: SyscallError; the kernel's own explanation is part of the message where it gives one.
 * Source: Documentation/filesystems/overlayfs.rst, "Multiple lower layers".
 */
export async function mountOverlay(request: OverlayMount): Promise<void> {
  using names = new LayerNames();
  if (appendsLower !== false && (await mountByContext(request, names))) return;
  await mountByOptions(request, names);
}

/** As `mountOverlay`, by the one call that kernels before 6.7 have; at most 127 layers or so. */
export async function mountOverlayByOptions(request: OverlayMount): Promise<void> {
  using names = new LayerNames();
  await mountByOptions(request, names);
}

/** Names of directories that fit where the kernel limits a path or gives characters of it a meaning. */
class LayerNames implements Disposable {
  readonly #held: OwnedFd[] = [];

  /** The path itself where it is short and plain, else the path of a descriptor of it. */
  plain(path: string): string {
    const plain = Buffer.byteLength(path) <= MAX_VALUE_BYTES && !/[:,\\]/.test(path);
    return plain ? path : this.byDescriptor(path);
  }

  byDescriptor(path: string): string {
    const held = openFd(path, O_PATH);
    this.#held.push(held);
    return held.procPath;
  }

  [Symbol.dispose](): void {
    for (const held of this.#held) closeFd(held.release());
  }
}

async function mountByContext(request: OverlayMount, names: LayerNames): Promise<boolean> {
  using context = openContext();
  if (!context || !appendLower(context, request.lower, names)) {
    appendsLower = false;
    return false;
  }
  appendsLower = true;
  if (request.upper !== undefined && request.work !== undefined) {
    context.setString("upperdir", names.plain(request.upper));
    context.setString("workdir", names.plain(request.work));
  }
  context.setString("source", "overlay");
  for (const [key, value] of Object.entries(request.options ?? {})) {
    if (value === true) context.setFlag(key);
    else context.setString(key, value);
  }
  using mounted = await context.createMount(request.readOnly ? MOUNT_ATTR.rdonly : 0);
  await mounted.attach(request.target);
  return true;
}

function openContext(): FilesystemContext | undefined {
  try {
    return new FilesystemContext("overlay");
  } catch (error) {
    // Before Linux 5.2 there are no contexts; a sandbox's filter may answer EPERM. mount(2) decides then.
    if (isErrno(error, "ENOSYS", "EPERM")) return undefined;
    throw error;
  }
}

function appendLower(context: FilesystemContext, lower: readonly string[], names: LayerNames): boolean {
  for (const [index, directory] of lower.entries()) {
    try {
      context.setString("lowerdir+", names.plain(directory));
    } catch (error) {
      // A kernel without this option calls the first one invalid; later ones can only fail for the layer's own sake.
      if (index === 0 && appendsLower === undefined && isErrno(error, "EINVAL")) return false;
      throw error;
    }
  }
  return true;
}

/** The way of older kernels: all options in one page, into which 127 descriptor paths fit. */
async function mountByOptions(request: OverlayMount, names: LayerNames): Promise<void> {
  const options = [`lowerdir=${request.lower.map((path) => names.byDescriptor(path)).join(":")}`];
  if (request.upper !== undefined && request.work !== undefined) {
    options.push(`upperdir=${names.plain(request.upper)}`, `workdir=${names.plain(request.work)}`);
  }
  for (const [key, value] of Object.entries(request.options ?? {})) {
    options.push(value === true ? key : `${key}=${value}`);
  }
  await mount({
    source: "overlay",
    target: request.target,
    fsType: "overlay",
    flags: request.readOnly ? MS.rdonly : 0,
    data: options.join(","),
  });
}

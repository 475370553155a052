import { O_CLOEXEC, O_NONBLOCK, OwnedFd } from "../fd.ts";
import { inotifyAddWatch, inotifyInit1 } from "../libc.ts";
import { check, type SyscallError } from "../syscall-error.ts";
import type { Reactor, WatchOptions } from "./reactor.ts";

/** Kinds of change. Source: inotify(7). */
const IN = {
  modify: 0x2,
  closeWrite: 0x8,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
} as const;
export type FileEventKind = keyof typeof IN;

const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const HEADER_BYTES = 16;

export type FileEvent =
  | {
      readonly kind: FileEventKind;
      /** Name of the entry in the watched directory; empty where the watched path itself is meant. */
      readonly name: string;
    }
  /** The kernel dropped events: the receiver must look for itself. */
  | { readonly kind: "overflow"; readonly name: "" };

export interface WatchPathOptions extends WatchOptions {
  /** Default: what makes a finished file appear in a directory. */
  readonly kinds?: readonly FileEventKind[];
}

const FINISHED_FILES: readonly FileEventKind[] = ["create", "closeWrite", "movedTo"];

function* parseEvents(bytes: Uint8Array): Generator<FileEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset + HEADER_BYTES <= bytes.byteLength) {
    const mask = view.getUint32(offset + 4, true);
    const nameBytes = view.getUint32(offset + 12, true);
    const nameStart = offset + HEADER_BYTES;
    offset = nameStart + nameBytes;
    if (mask & IN_Q_OVERFLOW) yield { kind: "overflow", name: "" };
    if (mask & (IN_Q_OVERFLOW | IN_IGNORED)) continue;
    const nul = text.indexOf(0, nameStart);
    const nameEnd = nul < 0 || nul > offset ? offset : nul;
    const name = text.toString("utf8", nameStart, nameEnd);
    for (const kind of Object.keys(IN) as FileEventKind[]) {
      if (mask & IN[kind]) yield { kind, name };
    }
  }
}

/**
 * Calls `onEvent` for changes in the directory (or of the file) `path`, well within a millisecond, until the result is
 * disposed. What is there already is not reported: watch first, then look. Errors: SyscallError of
 * inotify_add_watch(2), ENOENT and ENOSPC among them.
 */
export function watchDirectory(
  reactor: Reactor,
  path: string,
  onEvent: (event: FileEvent) => void,
  options: WatchPathOptions = {},
): AsyncDisposable {
  using inotify = new OwnedFd(check("inotify_init1", inotifyInit1(O_CLOEXEC | O_NONBLOCK)));
  let mask = 0;
  for (const kind of options.kinds ?? FINISHED_FILES) mask |= IN[kind];
  check("inotify_add_watch", inotifyAddWatch(inotify.fd, path, mask), path);
  // The reactor reads through a duplicate, so this descriptor may close at once.
  const watch = reactor.watchBytes(
    inotify.fd,
    {
      data(bytes) {
        watch.consumed(bytes.byteLength);
        for (const event of parseEvents(bytes)) onEvent(event);
      },
      end(error: SyscallError | undefined) {
        throw error ?? new Error(`the watch of ${path} ended`);
      },
    },
    options,
  );
  return watch;
}

import { O_CLOEXEC, O_NONBLOCK, OwnedFd } from "../fd.ts";
import { inotifyAddWatch, inotifyInit1, inotifyRmWatch } from "../libc.ts";
import { check, SyscallError } from "../syscall-error.ts";
import type { DataWatch, Reactor } from "./reactor.ts";

const IN_MODIFY = 0x2;
const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const IN_ONESHOT = 0x80000000 | 0;
const HEADER_BYTES = 16;

/**
 * Tells once when a file is written to, for any number of files over one inotify instance (of which a user has few).
 * Source: inotify(7).
 */
export class FileChanges implements AsyncDisposable {
  readonly #inotify: OwnedFd;
  readonly #watch: DataWatch;
  readonly #waiting = new Map<number, () => void>();
  #broken: SyscallError | undefined;

  /** Errors: SyscallError of inotify_init1(2). */
  constructor(reactor: Reactor) {
    this.#inotify = new OwnedFd(check("inotify_init1", inotifyInit1(O_CLOEXEC | O_NONBLOCK)));
    this.#watch = reactor.watchBytes(
      this.#inotify.fd,
      {
        data: (bytes) => {
          this.#watch.consumed(bytes.byteLength);
          this.#dispatch(bytes);
        },
        end: (error) => {
          this.#broken = error ?? new SyscallError("read", 0);
          this.#wakeAll();
        },
      },
      { keepAlive: false },
    );
  }

  /**
   * Calls `onChange` once, at the next write to the file, or when writes may have been missed. What was written before
   * is not reported: watch first, then look. A file has one watch at a time. Disposal ends the watch; idempotent.
   * Errors: SyscallError of inotify_add_watch(2), ENOENT and ENOSPC among them.
   */
  once(path: string, onChange: () => void): Disposable {
    if (this.#broken) throw this.#broken;
    const descriptor = check(
      "inotify_add_watch",
      inotifyAddWatch(this.#inotify.fd, path, (IN_MODIFY | IN_ONESHOT) >>> 0),
      path,
    );
    this.#waiting.set(descriptor, onChange);
    return {
      [Symbol.dispose]: () => {
        if (this.#waiting.get(descriptor) !== onChange) return;
        this.#waiting.delete(descriptor);
        // It may have fired, or its file may be gone, just now: then there is nothing to remove.
        if (!this.#inotify.closed) inotifyRmWatch(this.#inotify.fd, descriptor);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch.close();
    this.#inotify.close();
    this.#waiting.clear();
  }

  #dispatch(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset + HEADER_BYTES <= bytes.byteLength; ) {
      const descriptor = view.getInt32(offset, true);
      const mask = view.getUint32(offset + 4, true);
      offset += HEADER_BYTES + view.getUint32(offset + 12, true);
      if (mask & IN_Q_OVERFLOW) this.#wakeAll();
      // IN_IGNORED without a write: the file is gone.
      if (mask & (IN_MODIFY | IN_IGNORED)) this.#wake(descriptor);
    }
  }

  #wake(descriptor: number): void {
    const onChange = this.#waiting.get(descriptor);
    this.#waiting.delete(descriptor);
    onChange?.();
  }

  #wakeAll(): void {
    for (const descriptor of [...this.#waiting.keys()]) this.#wake(descriptor);
  }
}

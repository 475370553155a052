import { lastErrno } from "../ffi/native.ts";
import { OwnedFd, readFd } from "./fd.ts";
import { AT_FDCWD, SYS, syscall, syscallFsconfig, syscallMoveMount, syscallName } from "./libc.ts";
import { check, checkAsync, SyscallError } from "./syscall-error.ts";

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;

/** Attributes of a new mount for `createMount`. Source: fsmount(2). */
export const MOUNT_ATTR = {
  rdonly: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
} as const;

/**
 * A file system that is being configured, not yet mounted anywhere. Dispose it when done; what was mounted stays.
 * Source: fsopen(2), fsconfig(2), fsmount(2).
 */
export class FilesystemContext implements Disposable {
  readonly #fd: OwnedFd;
  readonly #fsType: string;

  /** Errors: SyscallError, ENODEV where the kernel does not know `fsType`. */
  constructor(fsType: string) {
    this.#fsType = fsType;
    this.#fd = new OwnedFd(check("fsopen", syscallName(SYS.fsopen, fsType, FSOPEN_CLOEXEC), fsType));
  }

  /** Sets an option with a value. Errors: SyscallError with the kernel's own explanation. */
  setString(key: string, value: string): void {
    this.#check(syscallFsconfig(SYS.fsconfig, this.#fd.fd, FSCONFIG_SET_STRING, key, value, 0), key);
  }

  /** Sets an option without a value. */
  setFlag(key: string): void {
    this.#check(syscallFsconfig(SYS.fsconfig, this.#fd.fd, FSCONFIG_SET_FLAG, key, null, 0), key);
  }

  /** Creates the file system and returns a mount of it that is attached nowhere. `attributes`: bits of MOUNT_ATTR. */
  async createMount(attributes = 0): Promise<DetachedMount> {
    const created = await syscallFsconfig.async(
      SYS.fsconfig,
      this.#fd.fd,
      FSCONFIG_CMD_CREATE,
      null,
      null,
      0,
    );
    if (created.result === -1) throw this.#error("fsconfig", created.errno, this.#fsType);
    const fd = syscall(SYS.fsmount, this.#fd.fd, FSMOUNT_CLOEXEC, attributes, 0, 0, 0);
    return new DetachedMount(check("fsmount", fd, this.#fsType));
  }

  #check(result: number, key: string): void {
    if (result === -1) {
      const errno = lastErrno();
      throw this.#error("fsconfig", errno, `${this.#fsType} ${key}`);
    }
  }

  #error(call: string, errno: number, subject: string): SyscallError {
    const explanation = this.#readLog();
    return new SyscallError(call, errno, explanation === "" ? subject : `${subject} (${explanation})`);
  }

  /** What the kernel says about the last failure: one message a read, ENODATA after the last. */
  #readLog(): string {
    const messages: string[] = [];
    const buffer = new Uint8Array(1024);
    for (;;) {
      try {
        const length = readFd(this.#fd.fd, buffer);
        messages.push(Buffer.from(buffer.subarray(0, length)).toString().trim());
      } catch {
        // ENODATA ends the log; a log that cannot be read only makes the error less telling.
        return messages.join("; ");
      }
    }
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}

/** A mount that is attached nowhere; disposing it before `attach` destroys it. */
export class DetachedMount extends OwnedFd {
  /** The mount is visible at `target`. Errors: SyscallError of move_mount(2). */
  async attach(target: string): Promise<void> {
    await checkAsync(
      "move_mount",
      syscallMoveMount,
      [SYS.move_mount, this.fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH],
      target,
    );
  }
}

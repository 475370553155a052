import { basename, dirname } from "node:path";
import { O_PATH, type OwnedFd, openFd } from "../fd.ts";

const AF_UNIX = 1;
/** Room for a path in sockaddr_un, the closing NUL included. Source: unix(7). */
const MAX_PATH_BYTES = 108;

export interface UnixAddress extends Disposable {
  /** A sockaddr_un. */
  readonly bytes: Uint8Array;
}

function encode(path: string): Uint8Array {
  const name = Buffer.from(path, "utf8");
  const bytes = new Uint8Array(2 + name.byteLength + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return bytes;
}

/**
 * The address of a unix socket at a path of any length, valid until it is disposed: where the path does not fit, its
 * directory is reached through a descriptor. Errors: SyscallError of opening the directory; RangeError where even the
 * file's own name is too long.
 */
export function openUnixAddress(path: string): UnixAddress {
  if (Buffer.byteLength(path) < MAX_PATH_BYTES) return { bytes: encode(path), [Symbol.dispose]() {} };
  const directory: OwnedFd = openFd(dirname(path), O_PATH);
  const short = `${directory.procPath}/${basename(path)}`;
  if (Buffer.byteLength(short) >= MAX_PATH_BYTES) {
    directory.close();
    throw new RangeError(`the name of the socket is too long: ${path}`);
  }
  return { bytes: encode(short), [Symbol.dispose]: () => directory.close() };
}

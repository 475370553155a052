import { type NativePointer, readCString } from "../ffi/native.ts";
import { libcLibrary } from "./libc-library.ts";

const strerror = libcLibrary.bind<[number], NativePointer>("strerror", "pointer", ["int"]);

/** What strerror(3) says of an error number, in lower case as Go prints it: `no such file or directory`. */
export function describeErrno(errno: number): string {
  const text = readCString(strerror(errno));
  return text.charAt(0).toLowerCase() + text.slice(1);
}

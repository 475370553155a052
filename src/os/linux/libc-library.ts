import { loadLibrary, type NativeLibrary } from "../ffi/native.ts";

function loadLibc(): NativeLibrary {
  try {
    return loadLibrary("libc.so.6");
  } catch (glibcMissing) {
    // musl has no soname of that shape; its loader is the C library.
    try {
      return loadLibrary(process.arch === "arm64" ? "ld-musl-aarch64.so.1" : "ld-musl-x86_64.so.1");
    } catch {
      throw glibcMissing;
    }
  }
}

/** The C library of this process. */
export const libcLibrary: NativeLibrary = loadLibc();

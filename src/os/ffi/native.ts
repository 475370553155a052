import koffi from "koffi";
import { Semaphore } from "../../base/async.ts";

/** C types of parameters and results. `buffer` is a typed array passed by address; `address` is a number or bigint. */
export type NativeType =
  | "void"
  | "int"
  | "uint"
  | "long"
  | "int64"
  | "uint64"
  | "size"
  | "address"
  | "string"
  | "buffer"
  | "pointer";

/** A C string (a NUL is added to JavaScript strings; bytes must bring their own), or NULL. */
export type NativeString = string | Uint8Array | null;
/** Memory that the callee reads or writes during the call, or NULL. */
export type NativeBuffer = ArrayBufferView | null;
/** An opaque `void *` that a library handed out. */
export type NativePointer = unknown;

/** What a call on another thread returned, with the `errno` of that thread right after it. */
export interface NativeOutcome<R> {
  readonly result: R;
  readonly errno: number;
}

export interface NativeFunction<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * Makes the same call on a thread of the runtime's pool. Buffers among the arguments are kept alive and must not
   * be touched until it is done. Calls beyond the library's own limit wait for their turn.
   */
  async(...args: A): Promise<NativeOutcome<R>>;
}

export interface NativeLibrary {
  /** The function `name` of the library with that result and those parameters. Throws where it is missing. */
  bind<A extends readonly unknown[], R = number>(
    name: string,
    result: NativeType,
    parameters: readonly NativeType[],
  ): NativeFunction<A, R>;
  /** Whether the library exports `name`. */
  has(name: string): boolean;
}

const KOFFI_TYPES: Readonly<Record<NativeType, string>> = {
  void: "void",
  int: "int",
  uint: "uint",
  long: "long",
  int64: "int64",
  uint64: "uint64",
  size: "size_t",
  address: "intptr_t",
  string: "str",
  buffer: "void *",
  pointer: "void *",
};

// The library throws on more calls in flight than its limit; a queue in front turns that into waiting.
const MAX_ASYNC_CALLS = 128;
const asyncCalls = new Semaphore(MAX_ASYNC_CALLS);
koffi.config({ ...koffi.config(), max_async_calls: MAX_ASYNC_CALLS });

/**
 * A shared library by soname (`libc.so.6`) or path. Loading the same one again costs nothing.
 * Throws what the dynamic loader says where it cannot be loaded.
 */
export function loadLibrary(name: string): NativeLibrary {
  const library = koffi.load(name);
  return {
    bind<A extends readonly unknown[], R>(
      symbol: string,
      result: NativeType,
      parameters: readonly NativeType[],
    ): NativeFunction<A, R> {
      const raw = library.func(
        symbol,
        KOFFI_TYPES[result],
        parameters.map((type) => KOFFI_TYPES[type]),
      );
      const async = async (...args: A): Promise<NativeOutcome<R>> => {
        using _turn = await asyncCalls.acquire();
        return await new Promise((resolve, reject) => {
          raw.async(...args, (error: unknown, value: R) => {
            // The library carries the worker thread's errno over and restores it for exactly this callback.
            const errno = koffi.errno();
            // Naming the arguments here keeps the buffers among them reachable while the thread uses them.
            if (error) reject(new Error(`${symbol} failed with ${args.length} arguments`, { cause: error }));
            else resolve({ result: value, errno });
          });
        });
      };
      const sync = raw as unknown as (...args: A) => R;
      return Object.assign((...args: A) => sync(...args), { async });
    },
    has(symbol: string): boolean {
      try {
        return library.symbol(symbol) !== null;
      } catch {
        // The library reports a missing symbol by throwing; that is the answer here.
        return false;
      }
    },
  };
}

/** `errno` of this thread as the last synchronous call left it; read it before anything else runs. */
export function lastErrno(): number {
  return koffi.errno();
}

/** The address of a buffer's first byte; valid while the buffer is reachable. */
export function addressOf(buffer: ArrayBufferView): bigint {
  return koffi.address(buffer);
}

/** The NUL-terminated text at a `char *` that a library returned; empty for NULL. */
export function readCString(pointer: NativePointer): string {
  return pointer ? koffi.decode.string(pointer) : "";
}

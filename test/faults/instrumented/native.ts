import type { NativeFunction, NativeLibrary } from "../../../src/os/ffi/native.ts";
import { beforeEffect } from "./effect.ts";

type AnyFunction = NativeFunction<readonly unknown[], unknown>;

const CHANGING_CALLS = new Set([
  "linkat",
  "mkdirat",
  "mknodat",
  "mount",
  "renameat",
  "symlinkat",
  "umount2",
  "unlinkat",
]);

// Numbers of system calls, the same on all newer architectures. Source: asm-generic/unistd.h.
const CHANGING_NUMBERS = new Set([424 /* pidfd_send_signal */, 429 /* move_mount */, 432 /* fsmount */]);

/** In the numbers of rtnetlink messages the last two bits tell what is wanted. Source: rtnetlink(7). */
const VERB_BITS = 3;
const VERB_GET = 2;
const TYPE_OFFSET = 4;

/** Counters of 8 bytes wake threads of the daemon itself. */
const EVENT_BYTES = 8;

function changes(symbol: string, args: readonly unknown[]): boolean {
  switch (symbol) {
    case "syscall":
      return CHANGING_NUMBERS.has(Number(args[0]));
    case "nft_run_cmd_from_buffer":
      return !/^\s*(?:\{.*"list"|list)/.test(String(args[1]));
    case "send":
      return (Buffer.from(args[1] as Uint8Array).readUInt16LE(TYPE_OFFSET) & VERB_BITS) !== VERB_GET;
    case "write":
      return args[2] !== EVENT_BYTES;
    default:
      return CHANGING_CALLS.has(symbol);
  }
}

function counted(symbol: string, call: AnyFunction): AnyFunction {
  const before = (args: readonly unknown[]) => {
    if (!changes(symbol, args)) return;
    beforeEffect(() => `${symbol} ${args.filter((arg) => typeof arg !== "object").join(" ")}`);
  };
  const sync = (...args: unknown[]) => {
    before(args);
    return call(...args);
  };
  return Object.assign(sync, {
    async(...args: unknown[]) {
      before(args);
      return call.async(...args);
    },
  });
}

/** The library with its calls that change something counted as effects. */
export function countCalls(load: (name: string) => NativeLibrary): (name: string) => NativeLibrary {
  return (name) => {
    const library = load(name);
    return {
      ...library,
      bind: ((symbol, result, parameters) =>
        counted(symbol, library.bind(symbol, result, parameters) as AnyFunction)) as NativeLibrary["bind"],
    };
  };
}

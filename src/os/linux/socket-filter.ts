import { addressOf } from "../ffi/native.ts";
import { setsockopt } from "./libc.ts";
import { check } from "./syscall-error.ts";

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const INSTRUCTION_BYTES = 8;

/** Codes of classic BPF that the engine's filters need. Source: linux/bpf_common.h. */
export const BPF = {
  loadByte: 0x30,
  and: 0x54,
  jumpIfEqual: 0x15,
  return: 0x06,
} as const;

/** One instruction: struct sock_filter of linux/filter.h. The jumps count the instructions that are passed over. */
export interface FilterInstruction {
  readonly code: number;
  readonly value: number;
  readonly otherwiseSkip?: number;
}

/** What a filter returns for a packet that is taken whole, and for one that nobody is to see. */
export const TAKE: FilterInstruction = { code: BPF.return, value: 0xffffffff };
export const DROP: FilterInstruction = { code: BPF.return, value: 0 };

/** The kernel asks `program` about each packet before it is queued for the socket. Errors: SyscallError. Source: socket(7). */
export function attachSocketFilter(fd: number, program: readonly FilterInstruction[]): void {
  const instructions = Buffer.alloc(INSTRUCTION_BYTES * program.length);
  program.forEach(({ code, value, otherwiseSkip = 0 }, index) => {
    const at = INSTRUCTION_BYTES * index;
    instructions.writeUInt16LE(code, at);
    instructions.writeUInt8(otherwiseSkip, at + 3);
    instructions.writeUInt32LE(value, at + 4);
  });
  // struct sock_fprog: how many instructions there are, and where. The kernel copies them.
  const fprog = Buffer.alloc(16);
  fprog.writeUInt16LE(program.length);
  fprog.writeBigUInt64LE(addressOf(instructions), 8);
  check("setsockopt", setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, fprog, fprog.length));
}

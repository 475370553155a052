import { closeSync, fstatSync, openSync } from "node:fs";
import { internal } from "../../base/errors.ts";
import { isErrno } from "./syscall-error.ts";

/** A library that waits with select(2) ends the process for a descriptor beyond. Source: select(2), FD_SETSIZE. */
const FIRST_TOO_HIGH = 1_024;
const HELD = 32;

/** Low descriptors that are kept from everybody else. */
const held: number[] = [];

/** Keeps as many as there are to be, as far as there are low ones free. */
function hold(): void {
  while (held.length < HELD) {
    const fd = openSync("/dev/null", "r");
    if (fd >= FIRST_TOO_HIGH) {
      closeSync(fd);
      return;
    }
    held.push(fd);
  }
}

/**
 * What `open` opens first, a socket, gets a low descriptor, however many the process has. To be called once before the
 * process can have many, and `giveBackLowDescriptor` when that is closed. Errors: internal where all low ones are lent.
 */
export function withLowDescriptor<T>(open: () => T, discard: (opened: T) => void): T {
  if (held.length === 0) hold();
  for (let attempt = 0; attempt < HELD; attempt++) {
    const next = lowestFree();
    if (next === undefined) break;
    const opened = open();
    // Unless another thread was faster.
    if (isSocket(next)) return opened;
    discard(opened);
  }
  throw internal(`no file descriptor below ${FIRST_TOO_HIGH} is free`);
}

/** The number that the kernel gives out next: the lowest free one, which is one of those held where no other is low. */
function lowestFree(): number | undefined {
  const next = openSync("/dev/null", "r");
  closeSync(next);
  if (next < FIRST_TOO_HIGH) return next;
  const fd = held.pop();
  if (fd !== undefined) closeSync(fd);
  return fd;
}

/** Something that had a low descriptor is closed: it is kept for the next one. */
export function giveBackLowDescriptor(): void {
  hold();
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch (error) {
    if (isErrno(error, "EBADF")) return false;
    throw error;
  }
}

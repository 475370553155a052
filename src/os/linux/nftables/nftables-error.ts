import { ERRNO } from "../errno.ts";
import { describeErrno } from "../errno-text.ts";

/** The reasons for which the kernel refuses rules; libnftables tells them by their text alone. */
const CODES = [
  "ENOENT",
  "EEXIST",
  "EBUSY",
  "EPERM",
  "EOPNOTSUPP",
  "EINVAL",
  "ERANGE",
  "ENOMEM",
  "ENOBUFS",
  "EINTR",
  "EMFILE",
  "ENFILE",
  "ELOOP",
  "EAFNOSUPPORT",
] as const;

function codeOf(text: string): string {
  const first = text.split("\n", 1)[0]!.toLowerCase();
  return CODES.find((code) => first.endsWith(describeErrno(ERRNO[code]).toLowerCase())) ?? "EINVAL";
}

/**
 * A transaction that libnftables or the kernel refused; nothing of it is in force. The message is what libnftables
 * printed. `code` is the error's name for the first failing command, EINVAL where the text did not parse.
 */
export class NftablesError extends Error {
  readonly code: string;
  /** What was to be run. */
  readonly commands: string;

  constructor(text: string, commands: string) {
    super(text.trim() || "libnftables failed without a message");
    this.name = "NftablesError";
    this.code = codeOf(text);
    this.commands = commands;
  }
}

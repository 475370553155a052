import { messageOf } from "./errors.ts";

/** Where Go's text is another than that of this runtime. */
const TEXTS: Readonly<Record<string, string>> = {
  EISDIR: "is a directory",
  EEXIST: "file exists",
  EPERM: "operation not permitted",
};

/** An error of the file at `path` as Go prints it, `open PATH: no such file or directory`; any other one as it is. */
export function describeFileError(error: unknown, path: string): string {
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  const match = /^[A-Z0-9]+: ([^,]+)/.exec(messageOf(error));
  return match && syscall ? `${syscall} ${path}: ${TEXTS[code] ?? match[1]}` : messageOf(error);
}

import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { isErrno } from "../syscall-error.ts";

/** A control file's text; undefined where this kernel or hierarchy has no such file. Errors: the runtime's. */
export function readControl(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    // ENODEV: the group was removed while its file was being read. EOPNOTSUPP: the file is there, the feature is not.
    if (isErrno(error, "ENOENT", "ENODEV", "EOPNOTSUPP")) return undefined;
    throw error;
  }
}

/** The value is in force. Errors: the runtime's (ENOENT where the controller is missing, EINVAL, EPERM). */
export function writeControl(path: string, value: string | number | bigint): void {
  // Without O_CREAT a missing controller is ENOENT; asked to create, the kernel would speak of permissions.
  const fd = openSync(path, constants.O_WRONLY | constants.O_TRUNC);
  try {
    writeSync(fd, String(value));
  } finally {
    closeSync(fd);
  }
}

/** The limit or count in a control file; undefined for `max` and for a missing file. */
export function readNumber(path: string): number | undefined {
  return parseNumber(readControl(path));
}

/** The number in a file of one; undefined for `max` and for what is none. */
function parseNumber(text: string | undefined): number | undefined {
  return text === undefined || text === "" || text === "max" ? undefined : Number(text);
}

/** The pairs of a flat-keyed file: `key value` a line. Source: cgroup-v2.rst, "Format". */
export function parseFlatKeyed(text: string | undefined): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of (text ?? "").split("\n")) {
    const blank = line.lastIndexOf(" ");
    if (blank > 0) values.set(line.slice(0, blank), Number(line.slice(blank + 1)));
  }
  return values;
}

export interface BlockIo {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
}

/** The rows of `io.stat`: `8:0 rbytes=1 wbytes=2 rios=3 wios=4`. Source: cgroup-v2.rst, "io.stat". */
export function parseIoStat(text: string | undefined): BlockIo[] {
  const rows: BlockIo[] = [];
  for (const line of (text ?? "").split("\n")) {
    const device = /^(\d+):(\d+) /.exec(line);
    if (!device) continue;
    const values = new Map(line.split(" ").map((field) => field.split("=") as [string, string]));
    const numberOf = (key: string) => Number(values.get(key) ?? 0);
    rows.push({
      major: Number(device[1]),
      minor: Number(device[2]),
      readBytes: numberOf("rbytes"),
      writeBytes: numberOf("wbytes"),
      readOperations: numberOf("rios"),
      writeOperations: numberOf("wios"),
    });
  }
  return rows;
}

/** The rows of blkio files: `8:0 Read 4096` a line. Source: cgroup-v1/blkio-controller.rst. */
export function parseBlkio(bytes: string | undefined, operations: string | undefined): BlockIo[] {
  const rows = new Map<string, { -readonly [Field in keyof BlockIo]: number }>();
  const collect = (
    text: string | undefined,
    read: "readBytes" | "readOperations",
    write: "writeBytes" | "writeOperations",
  ) => {
    for (const line of (text ?? "").split("\n")) {
      const match = /^(\d+):(\d+) (Read|Write) (\d+)$/.exec(line);
      if (!match) continue;
      const key = `${match[1]}:${match[2]}`;
      let row = rows.get(key);
      if (!row) {
        row = {
          major: Number(match[1]),
          minor: Number(match[2]),
          readBytes: 0,
          writeBytes: 0,
          readOperations: 0,
          writeOperations: 0,
        };
        rows.set(key, row);
      }
      row[match[3] === "Read" ? read : write] = Number(match[4]);
    }
  };
  collect(bytes, "readBytes", "writeBytes");
  collect(operations, "readOperations", "writeOperations");
  return [...rows.values()];
}

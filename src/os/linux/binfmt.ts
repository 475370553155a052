import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BINFMT_ROOT = "/proc/sys/fs/binfmt_misc";

/** How programs of an architecture begin. Source: elf(5), "Elf header"; the numbers are of linux/elf-em.h. */
export interface ElfKind {
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly bigEndian?: boolean;
}

interface Pattern {
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer;
}

/**
 * Whether the kernel hands programs of that kind to an interpreter. False where the list of interpreters is not mounted.
 * Source: Documentation/admin-guide/binfmt-misc.rst.
 */
export function isEmulated(kind: ElfKind, root: string = BINFMT_ROOT): boolean {
  const header = elfHeader(kind);
  return readPatterns(root).some(({ offset, magic, mask }) =>
    magic.every((byte, at) => (((header[offset + at] ?? 0) ^ byte) & (mask[at] ?? 0xff)) === 0),
  );
}

function elfHeader({ machine, bits, bigEndian }: ElfKind): Buffer {
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, bigEndian ? 2 : 1, 1]);
  const write = (value: number, at: number) =>
    bigEndian ? header.writeUInt16BE(value, at) : header.writeUInt16LE(value, at);
  const EXECUTABLE = 2;
  write(EXECUTABLE, 16);
  write(machine, 18);
  return header;
}

function readPatterns(root: string): Pattern[] {
  let names: string[];
  try {
    names = readdirSync(root);
  } catch {
    return []; // Not mounted, or not for us to see.
  }
  return names
    .filter((name) => name !== "register" && name !== "status")
    .flatMap((name) => parsePattern(readEntry(join(root, name))));
}

function readEntry(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Taken away meanwhile.
  }
}

/** Entries that go by the name's ending have no magic, and are no emulators. */
function parsePattern(entry: string): Pattern[] {
  const field = (name: string) => new RegExp(`^${name} (\\S+)$`, "m").exec(entry)?.[1];
  const magic = field("magic");
  if (!/^enabled$/m.test(entry) || magic === undefined) return [];
  const mask = field("mask") ?? "ff".repeat(magic.length / 2);
  return [
    {
      offset: Number(field("offset") ?? 0),
      magic: Buffer.from(magic, "hex"),
      mask: Buffer.from(mask, "hex"),
    },
  ];
}

import { memberBlocks, patchHeader } from "../../src/spec/tar/tar.fixture.ts";

const BLOCK = 512;

/** Numbers that look random and come in the same order for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit`, which is left out. Source: the generator "mulberry32". */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

type Mutation = (archive: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const NAMES = [
  "a",
  "a/b",
  "a/b/c",
  "d",
  "d/e",
  "l",
  ".",
  "..",
  "a/..",
  "/",
  "//x",
  "a/.wh.b",
  ".wh..wh..opq",
  "d/.wh..wh..opq",
  ".wh.d",
  ".wh...",
  "l/x",
  "../up",
  "x".repeat(150),
  "",
];
const TYPES = ["0", "\0", "1", "2", "3", "4", "5", "6", "7", "L", "K", "x", "g", "S", "V", "9"];
/** Fields of a header that mean something: where they begin and how long they are. */
const FIELDS = [
  [0, 100],
  [100, 8],
  [108, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [345, 155],
  [386, 24],
  [482, 13],
] as const;

/** Where blocks of an archive look like headers. */
function headersOf(archive: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + BLOCK <= archive.length; at += BLOCK) {
    if (archive.toString("latin1", at + 257, at + 262) === "ustar") found.push(at);
  }
  return found;
}

/** Changes one header and makes its checksum right again, so that more than the checksum is tried. */
function changeHeader(archive: Buffer, random: Random, change: (block: Buffer) => void): Buffer {
  const headers = headersOf(archive);
  if (headers.length === 0) return archive;
  const at = random.pick(headers);
  const header = patchHeader(archive.subarray(at, at + BLOCK), change);
  return Buffer.concat([archive.subarray(0, at), header, archive.subarray(at + BLOCK)]);
}

function writeText(block: Buffer, text: string, at: number, length: number): void {
  block.fill(0, at, at + length);
  block.write(text, at, length, "latin1");
}

const MUTATIONS: readonly Mutation[] = [
  (archive, random) => changeHeader(archive, random, (block) => writeText(block, random.pick(NAMES), 0, 100)),
  (archive, random) =>
    changeHeader(archive, random, (block) => writeText(block, random.pick(NAMES), 157, 100)),
  (archive, random) =>
    changeHeader(archive, random, (block) => block.write(random.pick(TYPES), 156, 1, "latin1")),
  (archive, random) =>
    changeHeader(archive, random, (block) => {
      const [at, length] = random.pick(FIELDS);
      block[at + random.below(length)] = random.pick([
        0,
        0x30,
        0x37,
        0x38,
        0x7f,
        0x80,
        0xff,
        random.below(256),
      ]);
    }),
  (archive, random) =>
    changeHeader(archive, random, (block) => {
      const size = random.pick([0, 1, 511, 512, 513, 4096, 100_000, 2 ** 31, 2 ** 33 - 1]);
      block.write(`${size.toString(8).padStart(11, "0")}\0`, 124, 12, "latin1");
    }),
  // A block anywhere: contents, PAX records, sparse maps.
  (archive, random) => {
    const changed = Buffer.from(archive);
    for (let count = random.below(8); count >= 0; count--)
      changed[random.below(changed.length)] = random.below(256);
    return changed;
  },
  (archive, random) => archive.subarray(0, random.below(archive.length)),
  (archive, random) => {
    const from = random.below(archive.length / BLOCK) * BLOCK;
    const to = from + (1 + random.below(4)) * BLOCK;
    return Buffer.concat([archive.subarray(0, from), archive.subarray(to)]);
  },
  (archive, random) => {
    const from = random.below(archive.length / BLOCK) * BLOCK;
    const piece = archive.subarray(from, from + (1 + random.below(4)) * BLOCK);
    const at = random.below(archive.length / BLOCK) * BLOCK;
    return Buffer.concat([archive.subarray(0, at), piece, archive.subarray(at)]);
  },
  (archive, random, others) => {
    const other = random.pick(others);
    const cut = random.below(archive.length / BLOCK) * BLOCK;
    return Buffer.concat([
      archive.subarray(0, cut),
      other.subarray(random.below(other.length / BLOCK) * BLOCK),
    ]);
  },
  (archive, random) => {
    const name = random.pick(NAMES) || "n";
    const type = random.pick(["file", "directory", "symlink", "hardlink", "fifo", "charDevice"] as const);
    const linkName = type === "symlink" || type === "hardlink" ? random.pick(NAMES) : "";
    const content = type === "file" ? "c".repeat(random.below(700)) : "";
    return Buffer.concat([memberBlocks({ name, type, linkName, content }), archive]);
  },
];

/** `archive` after a few changes of all kinds; `others` are archives that pieces may come from. */
export function mutate(archive: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let changed = archive;
  for (let count = 1 + random.below(4); count > 0 && changed.length >= BLOCK; count--) {
    changed = random.pick(MUTATIONS)(changed, random, others);
  }
  return changed;
}

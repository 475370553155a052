import { expect, test } from "bun:test";
import { kindOf } from "../../base/errors.ts";
import { countErofsFiles, EROFS_BLOCK_BYTES, type ErofsContent, type ErofsNode, encodeErofs } from "./mod.ts";

function node(mode: number, content: ErofsContent, fields: Partial<ErofsNode> = {}): ErofsNode {
  return {
    mode,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    xattrs: new Map(),
    content,
    ...fields,
  };
}

function directory(entries: Record<string, ErofsNode>): ErofsNode {
  return node(0o40755, { kind: "directory", entries: new Map(Object.entries(entries)) });
}

const empty = () => node(0o100644, { kind: "extent", sizeBytes: 0, startBlock: 8 });

/** Names of the directory whose inode has that number, in the order on disk. */
function listDirectory(metadata: Buffer, number: number): string[] {
  const inode = number * 32;
  const layout = metadata.readUInt16LE(inode) >> 1;
  const sizeBytes = Number(metadata.readBigUInt64LE(inode + 8));
  // The metadata begins at block 8 in these tests; inline contents stand behind the inode.
  const start = layout === 2 ? inode + 64 : (metadata.readUInt32LE(inode + 16) - 8) * EROFS_BLOCK_BYTES;
  const names: string[] = [];
  for (let block = 0; block < sizeBytes; block += EROFS_BLOCK_BYTES) {
    const end = start + Math.min(block + EROFS_BLOCK_BYTES, sizeBytes);
    const count = metadata.readUInt16LE(start + block + 8) / 12;
    for (let slot = 0; slot < count; slot++) {
      const from = start + block + metadata.readUInt16LE(start + block + slot * 12 + 8);
      const to =
        slot + 1 < count ? start + block + metadata.readUInt16LE(start + block + slot * 12 + 20) : end;
      names.push(metadata.toString("latin1", from, to).replace(/\0+$/, ""));
    }
  }
  return names;
}

test("equal trees give equal bytes, whatever the order in which they were made", () => {
  const encode = (root: ErofsNode) => {
    const { head, metadata } = encodeErofs(root, 4096);
    return { bytes: Buffer.concat([head, metadata]).toString("hex"), names: listDirectory(metadata, 2) };
  };
  const other = () => ({ ...empty(), uid: 5 });
  const tree = encode(directory({ b: other(), a: empty() }));
  expect(tree).toEqual(encode(directory({ a: empty(), b: other() })));
  expect(tree.names).toEqual([".", "..", "a", "b"]);
});

test("directories are sorted by bytes, dots among the rest, over as many blocks as they need", () => {
  const names = ["+", "-", "0", "\xff", ...Array.from({ length: 300 }, (_, index) => `file-${index}`)];
  const { metadata } = encodeErofs(directory(Object.fromEntries(names.map((name) => [name, empty()]))), 4096);
  expect(listDirectory(metadata, 2)).toEqual([...names, ".", ".."].sort((a, b) => (a < b ? -1 : 1)));
});

test("a file with several names is one inode that counts them, and a directory counts those in it", () => {
  const shared = empty();
  const { head, metadata } = encodeErofs(directory({ one: shared, two: shared, sub: directory({}) }), 4096);
  expect(countErofsFiles(head)).toBe(3);
  expect(metadata.readUInt32LE(64 + 44)).toBe(3);
});

test("contents that stand behind their inode never cross a block", () => {
  const links = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [
      `l${index}`,
      node(0o120777, { kind: "bytes", bytes: Buffer.from("t".repeat(1 + ((index * 37) % 256))) }),
    ]),
  );
  const { head, metadata } = encodeErofs(directory(links), 4096);
  expect(head.readUInt32LE(1024 + 36)).toBe(8 + metadata.length / EROFS_BLOCK_BYTES);
  for (let at = 64; at < metadata.length; at += 32) {
    // Extended, inline, a link.
    if (metadata.readUInt16LE(at) !== 5 || metadata.readUInt16LE(at + 4) !== 0o120777) continue;
    const size = Number(metadata.readBigUInt64LE(at + 8));
    expect(((at + 64) % EROFS_BLOCK_BYTES) + size).toBeLessThanOrEqual(EROFS_BLOCK_BYTES);
  }
});

test("what an image cannot hold is refused", () => {
  const failure = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return kindOf(error);
    }
    return "none";
  };
  const withXattr = (name: string, value: string) =>
    directory({ x: { ...empty(), xattrs: new Map([[name, value]]) } });
  expect(failure(() => encodeErofs(directory({}), 2 ** 41))).toBe("invalidArgument");
  expect(failure(() => encodeErofs(withXattr("user.big", "v".repeat(65_536)), 4096))).toBe("invalidArgument");
  expect(failure(() => encodeErofs(withXattr(`user.${"n".repeat(256)}`, ""), 4096))).toBe("invalidArgument");
  // Name spaces that EROFS does not have are left out.
  expect(failure(() => encodeErofs(withXattr("com.example", "v"), 4096))).toBe("none");
});

import { expect, test } from "bun:test";
import { kindOf, messageOf } from "../../base/errors.ts";
import { END_OF_ARCHIVE, encodeEntry, paddingOf } from "./encode-entry.ts";
import { formatPaxRecord } from "./pax-records.ts";
import { patchHeader } from "./tar.fixture.ts";
import { byteString, bytesOf, type TarEntry } from "./tar-entry.ts";
import { TarReader } from "./tar-reader.ts";

const PLAIN: TarEntry = {
  type: "file",
  name: "file",
  linkName: "",
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeSeconds: 1_700_000_000,
  mtimeNanoseconds: 0,
  sizeBytes: 0,
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};

interface Read {
  readonly entries: TarEntry[];
  readonly contents: Array<Array<readonly [offsetBytes: number, text: string]>>;
}

function read(archive: Buffer, pieceBytes = archive.length): Read {
  const result: Read = { entries: [], contents: [] };
  const reader = new TarReader({
    entry: (entry) => {
      result.entries.push(entry);
      result.contents.push([]);
    },
    data: (bytes, offset) => result.contents.at(-1)!.push([offset, bytes.toString("latin1")]),
    end: () => {},
  });
  for (let start = 0; start < archive.length; start += pieceBytes) {
    reader.push(archive.subarray(start, start + pieceBytes));
  }
  reader.finish();
  return result;
}

function failureOf(archive: Buffer): string {
  try {
    read(archive);
  } catch (error) {
    return `${kindOf(error)}: ${messageOf(error)}`;
  }
  return "none";
}

function pax(records: Record<string, string>): Buffer {
  const body = bytesOf(
    Object.entries(records)
      .map(([key, value]) => formatPaxRecord(key, value))
      .join(""),
  );
  const header = patchHeader(
    encodeEntry({ ...PLAIN, name: "PaxHeaders/x", sizeBytes: body.length }),
    (block) => block.write("x", 156),
  );
  return Buffer.concat([header, body, paddingOf(body.length)]);
}

test("what is encoded is read back, in pieces of every size", () => {
  const entries: TarEntry[] = [
    { ...PLAIN, name: "dir/", type: "directory", mode: 0o1777 },
    { ...PLAIN, name: byteString("dir/ünï"), sizeBytes: 5, uid: 3_000_000, gid: 4_000_000_000, mode: 0o4755 },
    { ...PLAIN, name: "dir/\xff\xfe", mtimeSeconds: -2, mtimeNanoseconds: 500_000_000 },
    { ...PLAIN, name: `${"a".repeat(90)}/${"b".repeat(90)}`, type: "symlink", linkName: "x".repeat(150) },
    { ...PLAIN, name: "n".repeat(300), type: "hardlink", linkName: "dir/file" },
    { ...PLAIN, name: "null", type: "charDevice", deviceMajor: 1, deviceMinor: 3 },
    { ...PLAIN, name: "disk", type: "blockDevice", deviceMajor: 259, deviceMinor: 70_000 },
    { ...PLAIN, name: "pipe", type: "fifo" },
    { ...PLAIN, name: "cap", xattrs: new Map([["security.capability", "\x01\x00\x00\x02\xff=\n"]]) },
    { ...PLAIN, name: "future", mtimeSeconds: 10_000_000_000, mtimeNanoseconds: 1 },
  ];
  const archive = Buffer.concat([
    ...entries.flatMap((entry) =>
      entry.sizeBytes > 0 ? [encodeEntry(entry), Buffer.from("hello"), paddingOf(5)] : [encodeEntry(entry)],
    ),
    END_OF_ARCHIVE,
  ]);
  for (const pieceBytes of [1, 7, 511, 512, 513, archive.length]) {
    const result = read(archive, pieceBytes);
    expect(result.entries).toEqual(entries);
    expect(result.contents[1]!.map(([, text]) => text).join("")).toBe("hello");
  }
});

test("bytes behind the end and archives without an end mark are accepted", () => {
  const file = encodeEntry(PLAIN);
  expect(read(Buffer.concat([file, END_OF_ARCHIVE, Buffer.from("rubbish")])).entries).toEqual([PLAIN]);
  expect(read(file).entries).toEqual([PLAIN]);
  expect(read(Buffer.alloc(0)).entries).toEqual([]);
});

test("an archive that is cut is refused", () => {
  const whole = Buffer.concat([encodeEntry({ ...PLAIN, sizeBytes: 5 }), Buffer.from("hello"), paddingOf(5)]);
  for (const length of [100, 512, 515, 600]) {
    expect(failureOf(whole.subarray(0, length))).toBe("invalidArgument: unexpected EOF");
  }
});

test("what is no archive is refused", () => {
  expect(failureOf(Buffer.alloc(1024, "x"))).toStartWith("invalidArgument: archive/tar: invalid tar header");
  const broken = encodeEntry(PLAIN);
  broken[0] = 90;
  expect(failureOf(broken)).toContain("checksum mismatch");
  expect(failureOf(patchHeader(encodeEntry(PLAIN), (block) => block.write("A", 156)))).toBe(
    "invalidArgument: unhandled tar header type 65",
  );
  expect(failureOf(patchHeader(encodeEntry(PLAIN), (block) => block.write("9z", 124)))).toContain(
    "not octal",
  );
  expect(failureOf(patchHeader(encodeEntry(PLAIN), (block) => block.fill(0xff, 124, 136)))).toContain(
    "negative size",
  );
});

test("extended headers are bounded and checked", () => {
  const huge = patchHeader(encodeEntry({ ...PLAIN, sizeBytes: 2 * 1024 * 1024 }), (block) =>
    block.write("x", 156),
  );
  expect(failureOf(huge)).toContain("too large");
  expect(failureOf(Buffer.concat([pax({ path: "a\0b" }), encodeEntry(PLAIN)]))).toContain("NUL");
  const body = Buffer.from("99 path=x\n");
  const header = patchHeader(encodeEntry({ ...PLAIN, sizeBytes: body.length }), (block) =>
    block.write("x", 156),
  );
  expect(failureOf(Buffer.concat([header, body, paddingOf(body.length), encodeEntry(PLAIN)]))).toContain(
    "wrong length",
  );
});

test("GNU long names, old GNU sparse files and directories of V7", () => {
  const name = "l".repeat(200);
  const longName = patchHeader(encodeEntry({ ...PLAIN, name: "././@LongLink", sizeBytes: 201 }), (block) =>
    block.write("L", 156),
  );
  const v7 = patchHeader(encodeEntry({ ...PLAIN, name: "old/" }), (block) =>
    block.fill(0, 156).fill(0, 257, 345),
  );
  const sparse = patchHeader(encodeEntry({ ...PLAIN, name: "sparse", sizeBytes: 3 }), (block) => {
    block.write("S", 156);
    block.write("00000001000\0", 386);
    block.write("00000000003\0", 398);
    block.write("00000002000\0", 483);
  });
  const archive = Buffer.concat([
    longName,
    Buffer.from(`${name}\0`),
    paddingOf(201),
    encodeEntry(PLAIN),
    v7,
    sparse,
    Buffer.from("abc"),
    paddingOf(3),
  ]);
  const result = read(archive);
  expect(result.entries[0]!.name).toBe(name);
  expect(result.entries[1]).toMatchObject({ name: "old/", type: "directory" });
  expect(result.entries[2]).toMatchObject({ name: "sparse", sizeBytes: 0o2000 });
  expect(result.contents[2]).toEqual([[0o1000, "abc"]]);
});

test("a sparse map that does not fit its file is refused", () => {
  const cases = ["0,2", "5,3", "0,1,0,2", "0,3,x,1", "0"];
  for (const map of cases) {
    const archive = Buffer.concat([
      pax({ "GNU.sparse.map": map, "GNU.sparse.size": "4" }),
      encodeEntry({ ...PLAIN, sizeBytes: 3 }),
      Buffer.from("abc"),
      paddingOf(3),
    ]);
    expect(failureOf(archive)).toStartWith("invalidArgument: archive/tar: invalid tar header");
  }
});

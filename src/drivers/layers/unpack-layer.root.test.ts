import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { digestOf } from "../../base/digest.ts";
import { kindOf, messageOf } from "../../base/errors.ts";
import type { TreeTarget } from "../../core/snapshots/snapshotter.ts";
import { getXattr, setXattr } from "../../os/linux/xattr.ts";
import { tarOf } from "../../spec/tar/tar.fixture.ts";
import { LayerWorkers } from "./layer-workers.ts";
import { packTree } from "./pack-tree.ts";
import type { TarSource } from "./tar-tree.ts";
import { unpackLayer } from "./unpack-layer.ts";

const base = mkdtempSync(join(tmpdir(), "gantry-layers-"));
const workers = new LayerWorkers({ maxWorkers: 1 });
afterAll(async () => {
  await workers.close();
  rmSync(base, { recursive: true });
});

let folders = 0;
function newFolder(): string {
  const folder = join(base, String(folders++));
  mkdirSync(folder);
  return folder;
}

async function* streamOf(bytes: Uint8Array, pieceBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.slice(start, start + pieceBytes);
}

async function unpack(
  archive: Uint8Array,
  whiteouts: TreeTarget["whiteouts"] = "overlay",
  directory = newFolder(),
  parents: readonly string[] = [],
): Promise<string> {
  await unpackLayer(workers, streamOf(archive), { directory, whiteouts, parents });
  return directory;
}

async function failureOf(archive: Uint8Array): Promise<string> {
  return await unpack(archive).then(
    () => "none",
    (error) => `${kindOf(error)}: ${messageOf(error)}`,
  );
}

async function pack(source: TarSource): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of packTree(workers, source)) parts.push(part);
  return Buffer.concat(parts);
}

test("everything a layer says about a file is there afterwards, and packing says it again", async () => {
  const archive = tarOf(
    { name: "big", content: "x".repeat(1_500_000) },
    {
      name: "cap",
      content: "c",
      xattrs: new Map([["security.capability", "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]]),
    },
    {
      name: "dir/",
      type: "directory",
      mode: 0o1770,
      uid: 5,
      gid: 6,
      mtimeSeconds: 1_400_000_000,
      mtimeNanoseconds: 7,
    },
    { name: "dir/\xff", content: "not UTF-8" },
    { name: "dir/setuid", content: "s", mode: 0o6755, uid: 7, gid: 8 },
    { name: "link", type: "symlink", linkName: "/etc/passwd", mode: 0o777, uid: 9, gid: 9 },
    { name: "null", type: "charDevice", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
    { name: "pipe", type: "fifo" },
    { name: "same", type: "hardlink", linkName: "cap" },
  );
  const directory = await unpack(archive);
  const at = (name: string) => lstatSync(join(directory, name));
  expect(at("dir/setuid")).toMatchObject({ uid: 7, gid: 8, mode: 0o106755 });
  expect(at("dir")).toMatchObject({ uid: 5, gid: 6, mode: 0o41770, mtimeMs: 1_400_000_000_000 });
  expect(at("link")).toMatchObject({ uid: 9, mtimeMs: 1_500_000_000_000 });
  expect(readlinkSync(join(directory, "link"))).toBe("/etc/passwd");
  expect(at("null").isCharacterDevice()).toBe(true);
  expect(at("same").ino).toBe(at("cap").ino);
  expect(getXattr(join(directory, "cap"), "security.capability")?.length).toBe(20);
  const packed = await pack({ kind: "tree", directory });
  expect(digestOf(packed)).toBe(digestOf(await pack({ kind: "tree", directory: await unpack(packed) })));
  // The hard link's own header repeats what its file says.
  const listed = spawnSync("tar", ["--compare", "-f", "-", "-C", directory], {
    input: packed,
    encoding: "utf8",
  });
  expect(listed.stdout + listed.stderr).toBe("");
});

test("a layer that is made to fill the disk is refused before it does", async () => {
  const bomb = gzipSync(tarOf({ name: "zeros", content: "\0".repeat(40 * 1024 * 1024) }));
  const limits = { unquestionedBytes: 4 * 1024 * 1024 };
  const directory = newFolder();
  const target = { directory, whiteouts: "overlay" as const };
  await expect(unpackLayer(workers, streamOf(bomb), target, limits)).rejects.toThrow("decompression bomb");
  expect(lstatSync(join(directory, "zeros")).size).toBeLessThan(16 * 1024 * 1024);
});

test("digests and sizes of plain, gzip and zstd layers", async () => {
  const archive = tarOf({ name: "a", content: "a".repeat(100_000) }, { name: "b/c", content: "c" });
  for (const [compression, bytes] of [
    ["none", archive],
    ["gzip", gzipSync(archive)],
    ["zstd", zstdCompressSync(archive)],
  ] as const) {
    const path = join(base, compression);
    writeFileSync(path, bytes);
    for (const source of [{ path }, streamOf(bytes)]) {
      const result = await unpackLayer(workers, source, { directory: newFolder(), whiteouts: "overlay" });
      expect(result).toEqual({
        compression,
        diffId: digestOf(archive) as string as typeof result.diffId,
        implied: ["", "b"],
        compressedBytes: bytes.length,
        tarBytes: archive.length,
        entries: 2,
      });
    }
  }
});

test("whiteouts in overlay form", async () => {
  const directory = await unpack(
    tarOf(
      { name: "dir/", type: "directory" },
      { name: "dir/.wh..wh..opq" },
      { name: "dir/new", content: "n" },
      { name: ".wh.gone" },
      { name: ".wh.again" },
      { name: "again/", type: "directory" },
      { name: "fresh", content: "f" },
      { name: ".wh.fresh" },
      { name: ".wh..wh.plnk/", type: "directory" },
    ),
  );
  expect(readdirSync(directory).sort()).toEqual(["again", "dir", "fresh", "gone"]);
  expect(lstatSync(join(directory, "gone"))).toMatchObject({ rdev: 0 });
  expect(lstatSync(join(directory, "gone")).isCharacterDevice()).toBe(true);
  for (const name of ["dir", "again"]) {
    expect(getXattr(join(directory, name), "trusted.overlay.opaque")?.toString()).toBe("y");
  }
  const packed = await pack({ kind: "overlayUpper", directory });
  expect(await pack({ kind: "overlayUpper", directory: await unpack(packed) })).toEqual(packed);
  expect(spawnSync("tar", ["-t"], { input: packed, encoding: "utf8" }).stdout.split("\n")).toEqual([
    "again/",
    "again/.wh..wh..opq",
    "dir/",
    "dir/.wh..wh..opq",
    "dir/new",
    "fresh",
    ".wh.gone",
    "",
  ]);
});

test("whiteouts that remove at once spare what the layer itself brought", async () => {
  const directory = newFolder();
  mkdirSync(join(directory, "dir/sub"), { recursive: true });
  for (const name of ["dir/old", "dir/sub/old", "gone", "kept"]) writeFileSync(join(directory, name), "old");
  await unpack(
    tarOf(
      { name: "dir/sub/new", content: "n" },
      { name: "dir/.wh..wh..opq" },
      { name: ".wh.gone" },
      { name: "fresh", content: "f" },
      { name: ".wh.fresh" },
    ),
    "direct",
    directory,
  );
  expect(readdirSync(directory).sort()).toEqual(["dir", "fresh", "kept"]);
  expect(readdirSync(join(directory, "dir"))).toEqual(["sub"]);
  expect(readdirSync(join(directory, "dir/sub"))).toEqual(["new"]);
});

test("later members replace earlier ones of any type", async () => {
  const directory = await unpack(
    tarOf(
      { name: "a", content: "first" },
      { name: "a", content: "2" },
      { name: "b/c/d", content: "deep" },
      { name: "b", content: "file" },
      { name: "e", content: "file" },
      { name: "e/", type: "directory" },
      { name: "e/f", content: "inside" },
    ),
  );
  expect(readFileSync(join(directory, "a"), "utf8")).toBe("2");
  expect(readFileSync(join(directory, "b"), "utf8")).toBe("file");
  expect(readFileSync(join(directory, "e/f"), "utf8")).toBe("inside");
});

test("a directory that the layer leaves out is like the one below", async () => {
  const lower = newFolder();
  mkdirSync(join(lower, "usr/bin"), { recursive: true });
  chmodSync(join(lower, "usr"), 0o1711);
  setXattr(join(lower, "usr"), "user.note", Buffer.from("n"));
  const directory = await unpack(tarOf({ name: "usr/bin/x", content: "x" }), "overlay", newFolder(), [lower]);
  expect(lstatSync(join(directory, "usr")).mode & 0o7777).toBe(0o1711);
  expect(getXattr(join(directory, "usr"), "user.note")?.toString()).toBe("n");
});

test("no layer reaches outside of its root", async () => {
  const outside = newFolder();
  writeFileSync(join(outside, "secret"), "secret");
  expect(await failureOf(tarOf({ name: "../x", content: "x" }))).toBe(
    'invalidArgument: "../x" is outside of "/"',
  );
  expect(await failureOf(tarOf({ name: "a/../../x", content: "x" }))).toContain("is outside of");
  expect(
    await failureOf(tarOf({ name: "hard", type: "hardlink", linkName: join(outside, "secret") })),
  ).toContain('invalid hardlink "hard" -> ');
  expect(await failureOf(tarOf({ name: "hard", type: "hardlink", linkName: "../../secret" }))).toContain(
    "invalid hardlink",
  );
  expect(await failureOf(tarOf({ name: ".wh..", content: "" }))).toContain("invalid whiteout");
  const directory = await unpack(
    tarOf(
      { name: "/absolute", content: "a" },
      { name: "out", type: "symlink", linkName: outside },
      { name: "up", type: "symlink", linkName: "../../../../../.." },
      { name: `inside${outside}/`, type: "directory" },
      { name: "up/climbed", content: "c" },
      { name: "over", type: "symlink", linkName: join(outside, "secret") },
      { name: "over", content: "over" },
    ),
  );
  expect(existsSync(join(directory, "absolute"))).toBe(true);
  expect(existsSync(join(directory, "climbed"))).toBe(true);
  expect(
    await failureOf(
      tarOf({ name: "out", type: "symlink", linkName: outside }, { name: "out/x", content: "x" }),
    ),
  ).toContain("is not a directory");
  expect(
    await failureOf(tarOf({ name: "out", type: "symlink", linkName: outside }, { name: "out/.wh.secret" })),
  ).toContain("is not a directory");
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
  expect(readdirSync(outside)).toEqual(["secret"]);
});

test("a layer cannot steer the overlay with attributes", async () => {
  const directory = await unpack(
    tarOf({
      name: "d/",
      type: "directory",
      xattrs: new Map([
        ["trusted.overlay.redirect", "/etc"],
        ["user.kept", "k"],
      ]),
    }),
  );
  expect(getXattr(join(directory, "d"), "trusted.overlay.redirect")).toBeUndefined();
  expect(getXattr(join(directory, "d"), "user.kept")?.toString()).toBe("k");
});

test("sparse files in all of GNU tar's formats keep their holes", async () => {
  const source = newFolder();
  const script =
    "truncate -s 20M s; printf abc | dd of=s bs=1 seek=10000000 conv=notrunc status=none; printf end >> s";
  expect(spawnSync("sh", ["-c", script], { cwd: source }).status).toBe(0);
  for (const format of [
    ["--format=gnu"],
    ...["0.0", "0.1", "1.0"].map((v) => ["--format=posix", `--sparse-version=${v}`]),
  ]) {
    const made = spawnSync("tar", ["-cS", ...format, "-C", source, "s"], { maxBuffer: 1e8 });
    const directory = await unpack(made.stdout);
    const file = join(directory, "s");
    expect(digestOf(readFileSync(file))).toBe(digestOf(readFileSync(join(source, "s"))));
    expect(lstatSync(file).blocks * 512).toBeLessThan(1_000_000);
  }
});

test("broken and cut layers are refused", async () => {
  const archive = tarOf({ name: "a", content: "a".repeat(100_000) });
  expect(await failureOf(archive.subarray(0, 5000))).toBe("invalidArgument: unexpected EOF");
  expect(await failureOf(gzipSync(archive).subarray(0, 60))).toBe("invalidArgument: unexpected EOF");
  expect(await failureOf(Buffer.from("no archive at all".repeat(100)))).toContain("invalid tar header");
  const corrupt = gzipSync(archive);
  corrupt.fill(0xff, 40, 60);
  expect(await failureOf(corrupt)).toStartWith("invalidArgument: ");
  expect(await failureOf(Buffer.from("BZh91AY&SY"))).toContain("bzip2 are not supported");
  const many = tarOf({ name: "a" }, { name: "b" }, { name: "c" });
  const limited = unpackLayer(
    workers,
    streamOf(many),
    { directory: newFolder(), whiteouts: "overlay" },
    { maxEntries: 2 },
  );
  expect(await limited.then(() => "none", messageOf)).toContain("more than 2 entries");
});

test("unpacking and packing can be given up", async () => {
  const controller = new AbortController();
  const endless = (async function* () {
    yield tarOf({ name: "a" }).subarray(0, 512);
    controller.abort();
    await new Promise(() => {});
  })();
  const unpacking = unpackLayer(
    workers,
    endless,
    { directory: newFolder(), whiteouts: "overlay" },
    { signal: controller.signal },
  );
  expect(await unpacking.then(() => "none", kindOf)).toBe("canceled");
  const directory = await unpack(tarOf({ name: "big", content: "x".repeat(10_000_000) }));
  for await (const _chunk of packTree(workers, { kind: "tree", directory })) break;
  expect((await pack({ kind: "tree", directory })).length).toBeGreaterThan(10_000_000);
});

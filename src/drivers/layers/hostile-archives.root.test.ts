import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { END_OF_ARCHIVE, encodeEntry, paddingOf } from "../../spec/tar/mod.ts";
import { formatPaxRecord } from "../../spec/tar/pax-records.ts";
import { entryOf, memberBlocks, tarOf } from "../../spec/tar/tar.fixture.ts";
import { folder, patched, pax, useLayerArena } from "./hostile-layers.testing.ts";
import { FORMS } from "./layer-arena.fixture.ts";

const { arena, expectRefused, expectTaken } = useLayerArena();

describe("numbers", () => {
  test("in base 256 are read, and refused where nothing can have them", async () => {
    const base256 = (block: Buffer, at: number, length: number, value: bigint) => {
      for (let index = at + length - 1; index >= at; index--, value >>= 8n)
        block[index] = Number(value & 0xffn);
      block[at] = block[at]! | 0x80;
    };
    const fine = patched({ name: "x", content: "" }, (block) => {
      base256(block, 108, 8, 70_000n);
      base256(block, 124, 12, 5n);
      base256(block, 136, 12, 10_000_000_000n);
    });
    const tree = await expectTaken(Buffer.concat([fine, Buffer.from("12345"), paddingOf(5), END_OF_ARCHIVE]));
    expect(tree[0]).toStartWith("x file 644 70000 0 1 10000000000000000000".slice(0, 20));
    for (const size of [1n << 62n, 1n << 70n]) {
      const huge = patched({ name: "x" }, (block) => base256(block, 124, 12, size));
      await expectRefused(Buffer.concat([huge, END_OF_ARCHIVE]), "archive/tar: invalid tar header");
    }
  });

  test("that promise more than there is end in an unexpected EOF", async () => {
    for (const sizeBytes of [2000, 2 ** 33, 2 ** 52]) {
      const layer = Buffer.concat([encodeEntry({ ...entryOf({ name: "x" }), sizeBytes }), END_OF_ARCHIVE]);
      await expectRefused(layer, "unexpected EOF");
    }
  });
});

describe("headers", () => {
  test("that are too long or many are refused or forgotten", async () => {
    const long = formatPaxRecord("comment", "c".repeat(2_000_000));
    await expectRefused(Buffer.concat([pax(Buffer.from(long)), memberBlocks({ name: "x" })]), "");
    // Each of these is allowed; together they would be hundreds of megabytes if they were kept.
    const header = pax(Buffer.from(formatPaxRecord("comment", "c".repeat(1_000_000))));
    const before = process.memoryUsage().rss;
    const many = Buffer.concat([...Array.from({ length: 30 }, () => header), tarOf({ name: "x" })]);
    await expectTaken(gzipSync(many, { level: 1 }));
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  test("with attributes that nothing can hold are refused or leave them out", async () => {
    const value = "v".repeat(70_000);
    for (const form of FORMS) {
      const { error } = await arena.attempt(
        form,
        tarOf({ name: "x", xattrs: new Map([["user.big", value]]) }),
      );
      expect(error).toBeDefined();
    }
    const tree = await expectTaken(
      tarOf({
        name: "x",
        xattrs: new Map([
          ["trusted.overlay.redirect", "/"],
          ["trusted.overlay.metacopy", ""],
          ["user.overlay.opaque", "y"],
          ["user.fine", "f"],
        ]),
      }),
    );
    expect(tree[0]).toEndWith(" user.fine 66");
  });
});

describe("sparse files", () => {
  const made = mkdtempSync(join(tmpdir(), "gantry-sparse-"));
  afterAll(() => rmSync(made, { recursive: true }));
  const script =
    "truncate -s 3G s; for at in 0 70000 99999 2000000001; do printf abc | dd of=s bs=1 seek=$at conv=notrunc status=none; done; truncate -s 1M empty";
  spawnSync("sh", ["-c", script], { cwd: made });

  for (const format of [
    "--format=gnu",
    ...["0.0", "0.1", "1.0"].map((version) => `--sparse-version=${version}`),
  ]) {
    test(`${format} keep their holes in all forms`, async () => {
      const { stdout } = spawnSync("tar", ["-cS", "--format=posix", format, "-C", made, "s", "empty"], {
        maxBuffer: 1e8,
      });
      const tree = await expectTaken(stdout);
      expect(tree).toHaveLength(2);
      expect(tree[1]).toContain(String(3 * 2 ** 30));
    });
  }

  test("with maps that lie are refused", async () => {
    const withMap = (records: Record<string, string>, content = "abc") =>
      Buffer.concat([
        pax(
          Buffer.from(
            Object.entries(records)
              .map(([key, value]) => formatPaxRecord(key, value))
              .join(""),
          ),
        ),
        memberBlocks({ name: "s", content }),
        END_OF_ARCHIVE,
      ]);
    const lies = ["0,2", "5,3", "0,1,0,2", "2,1,0,2", "0,3,x,1", "0", "0,9007199254740991", "-1,3"];
    for (const map of lies) {
      await expectRefused(
        withMap({ "GNU.sparse.map": map, "GNU.sparse.size": "4" }),
        "archive/tar: invalid tar header",
      );
    }
    const version1 = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "4" };
    for (const map of ["9999999\n", "-1\n", "x\n", "1\n0\n5\n", `${"1".repeat(2000)}\n`]) {
      await expectRefused(withMap(version1, map.padEnd(512, "\0")), "");
    }
    // 16 MiB of numbers that never end: refused in no more time than reading them takes.
    const started = performance.now();
    const endless = withMap(version1, `99999999\n${"1\n".repeat(8_500_000)}`);
    expect((await arena.attempt("image", endless)).error).toContain("a sparse map is too large");
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("archives", () => {
  const layer = tarOf({ name: "a", content: "a".repeat(3000) }, folder("d"), { name: "d/b", content: "b" });

  test("that are cut anywhere are refused, or are whole", async () => {
    for (let cut = 1; cut < layer.length - END_OF_ARCHIVE.length; cut += 300) {
      const attempts = await Promise.all(FORMS.map((form) => arena.attempt(form, layer.subarray(0, cut))));
      // Between two members the archive may just have no end mark.
      for (const { error } of attempts) {
        if (error !== undefined) expect(error).toBe("invalidArgument: unexpected EOF");
        else expect(cut % 512).toBe(0);
      }
    }
    await expectRefused(gzipSync(layer).subarray(0, -20), "unexpected EOF");
    await expectRefused(gzipSync(layer).subarray(0, 15), "unexpected EOF");
  });

  test("with something behind their end are taken as if it were not there", async () => {
    const plain = await expectTaken(layer);
    const garbage = Buffer.alloc(100_000, "garbage");
    expect(await expectTaken(Buffer.concat([layer, garbage]))).toEqual(plain);
    expect(await expectTaken(Buffer.concat([layer, tarOf({ name: "second", content: "s" })]))).toEqual(plain);
  });

  test("in several gzip members are one", async () => {
    const plain = await expectTaken(layer);
    const cut = 1700;
    const members = Buffer.concat([gzipSync(layer.subarray(0, cut)), gzipSync(layer.subarray(cut))]);
    expect(await expectTaken(members)).toEqual(plain);
    expect(await expectTaken(Buffer.concat([gzipSync(layer), gzipSync(Buffer.alloc(0))]))).toEqual(plain);
  });

  test("that are no archives are refused", async () => {
    await expectRefused(deflateRawSync(layer), "");
    await expectRefused(Buffer.alloc(4096, "x"), "archive/tar: invalid tar header");
    await expectRefused(gzipSync(Buffer.alloc(4096, "x")), "archive/tar: invalid tar header");
    const corrupt = gzipSync(layer);
    corrupt.fill(0xff, 30, 60);
    await expectRefused(corrupt, "");
  });
});

import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { END_OF_ARCHIVE, encodeEntry, paddingOf } from "../../spec/tar/mod.ts";
import { entryOf, type Member, memberBlocks, patchHeader, tarOf } from "../../spec/tar/tar.fixture.ts";
import { FORMS, LayerArena } from "./layer-arena.fixture.ts";

const arena = new LayerArena();
afterAll(() => arena[Symbol.dispose]());

/** All forms refuse the layer with that text, and nothing outside has changed. */
async function expectRefused(layer: Uint8Array, text: string): Promise<void> {
  for (const form of FORMS) {
    const { error } = await arena.attempt(form, layer);
    expect([form, error]).toEqual([form, expect.stringContaining(`invalidArgument: ${text}`)]);
  }
  expect(arena.isUntouched).toBe(true);
}

/** All forms take the layer, and nothing outside has changed; the tree, which overlay and image must agree about. */
async function expectTaken(layer: Uint8Array): Promise<readonly string[]> {
  const [overlay, direct, image] = [
    await arena.attempt("overlay", layer),
    await arena.attempt("direct", layer),
    await arena.attempt("image", layer),
  ];
  expect([overlay.error, direct.error, image.error]).toEqual([undefined, undefined, undefined]);
  expect(image.tree).toEqual(overlay.tree);
  expect(arena.isUntouched).toBe(true);
  return overlay.tree;
}

const names = (tree: readonly string[]) => tree.map((line) => line.slice(0, line.indexOf(" ")));
const link = (name: string, linkName: string): Member => ({ name, type: "symlink", linkName });
const hardLink = (name: string, linkName: string): Member => ({ name, type: "hardlink", linkName });
const folder = (name: string): Member => ({ name: `${name}/`, type: "directory" });

/** A member whose header has been changed before its checksum was made. */
function patched(member: Member, patch: (block: Buffer) => void): Buffer {
  return patchHeader(encodeEntry(entryOf(member)), patch);
}

/** A PAX header of these bytes in front of whatever follows. */
function pax(body: Buffer): Buffer {
  const header = patched({ name: "PaxHeaders/x", sizeBytes: body.length }, (block) => block.write("x", 156));
  return Buffer.concat([header, body, paddingOf(body.length)]);
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return length + rest;
}

describe("names", () => {
  test("that climb out are refused, wherever they do", async () => {
    for (const name of ["..", "../x", "/../x", "a/../../x", "./../x", `${"../".repeat(40)}etc/x`]) {
      await expectRefused(tarOf({ name, content: "x" }), `${JSON.stringify(name)} is outside of "/"`);
      await expectRefused(tarOf({ name: `${name}/`, type: "directory" }), "");
    }
    expect(names(await expectTaken(tarOf({ name: "a/../b", content: "b" })))).toEqual(["b"]);
  });

  test("that are absolute start at the root of the layer", async () => {
    const layer = tarOf({ name: join(arena.outside, "secret"), content: "x" }, { name: "//x", content: "x" });
    expect(names(await expectTaken(layer)).at(-1)).toBe("x");
  });

  test("with NUL, of 256 bytes and of 4 KiB are refused", async () => {
    const nul = Buffer.concat([pax(Buffer.from(record("path", "a\0b"))), memberBlocks({ name: "x" })]);
    await expectRefused(nul, "archive/tar: invalid tar header");
    await expectRefused(tarOf({ name: "x".repeat(256) }), `"${"x".repeat(256)}": file name too long`);
    await expectRefused(tarOf({ name: `${"x".repeat(200)}/`.repeat(21) }), "");
    const longest = `${"x".repeat(255)}/`.repeat(15) + "y".repeat(200);
    expect(await expectTaken(tarOf({ name: longest, content: "deep" }))).toHaveLength(16);
  });

  test("of links may be long", async () => {
    const target = "t/".repeat(2000);
    const tree = await expectTaken(
      tarOf(link("l", target), { name: "f" }, hardLink("h", `${"./".repeat(900)}f`)),
    );
    expect(tree.find((line) => line.startsWith("l "))).toContain(target);
    expect(names(tree)).toEqual(["f", "h", "l"]);
    await expectRefused(tarOf(link("l", "t".repeat(5000))), "");
  });
});

describe("links", () => {
  test("that lead out are followed inside", async () => {
    await expectRefused(
      tarOf(link("out", arena.outside), { name: "out/secret", content: "x" }),
      '"out" is not a directory',
    );
    await expectRefused(
      tarOf(link("out", arena.outside), { name: "out/.wh.secret" }),
      '"out" is not a directory',
    );
    await expectRefused(tarOf(link("out", arena.outside), { name: "out/.wh..wh..opq" }), "");
    await expectRefused(tarOf(link("a", "b"), link("b", "a"), { name: "a/x" }), '"a" is not a directory');
    const tree = await expectTaken(
      tarOf(link("up", "../../../../.."), { name: "up/x", content: "x" }, folder("in"), link("to", "/in"), {
        name: "to/y",
        content: "y",
      }),
    );
    expect(names(tree)).toEqual(["in", "in/y", "to", "up", "x"]);
  });

  test("that are hard lead to files of the layer only", async () => {
    for (const target of [
      join(arena.outside, "secret"),
      "../../outside/secret",
      "missing",
      "",
      ".",
      "self",
    ]) {
      await expectRefused(tarOf(hardLink("self", target)), 'invalid hardlink "self"');
    }
    await expectRefused(
      tarOf(link("out", arena.outside), hardLink("h", "out/secret")),
      'invalid hardlink "h" -> "out/secret"',
    );
    await expectRefused(tarOf(folder("d"), hardLink("h", "d")), 'invalid hardlink "h"');
    // Of a symbolic link, the link itself gets a second name.
    const tree = await expectTaken(tarOf(link("l", join(arena.outside, "secret")), hardLink("h", "l")));
    expect(tree.filter((line) => line.includes("symlink"))).toHaveLength(2);
    // Writing to the second name must not write through it.
    await expectTaken(
      tarOf(link("l", join(arena.outside, "secret")), hardLink("h", "l"), {
        name: "h",
        content: "overwritten",
      }),
    );
  });
});

describe("entries that come twice", () => {
  test("replace what is there, of whatever type", async () => {
    const layer = tarOf(
      { name: "file", content: "f" },
      folder("file"),
      { name: "file/in", content: "i" },
      folder("tree"),
      folder("tree/deep"),
      { name: "tree/deep/x", content: "x" },
      { name: "tree", content: "now a file" },
      link("link", arena.outside),
      folder("link"),
      { name: "link/in", content: "i" },
      folder("swap"),
      link("swap", arena.outside),
      { name: "null", type: "charDevice", deviceMajor: 1, deviceMinor: 3 },
      { name: "null", content: "no device" },
      { name: "secret", content: "1" },
      link("secret", join(arena.outside, "secret")),
      { name: "secret", content: "2" },
    );
    const tree = await expectTaken(layer);
    expect(names(tree)).toEqual(["file", "file/in", "link", "link/in", "null", "secret", "swap", "tree"]);
  });

  test("do not make a way out of a directory that was entered before", async () => {
    await expectRefused(
      tarOf(folder("d"), { name: "d/a", content: "a" }, link("d", arena.outside), {
        name: "d/secret",
        content: "x",
      }),
      '"d" is not a directory',
    );
    await expectRefused(
      tarOf(
        folder("d"),
        folder("d/e"),
        { name: "d/e/a" },
        link("d", ".."),
        { name: "d/outside/e/secret" },
        {
          name: ".wh...",
        },
      ),
      "invalid whiteout",
    );
  });

  test("and directories that do keep what is in them", async () => {
    const tree = await expectTaken(
      tarOf(
        folder("d"),
        { name: "d/x", content: "x" },
        { name: "d/", type: "directory", mode: 0o700, uid: 5 },
      ),
    );
    expect(tree[0]).toBe("d directory 700 5 0");
    expect(names(tree)).toEqual(["d", "d/x"]);
  });
});

describe("whiteouts", () => {
  test("of nothing, of here and of above are refused", async () => {
    for (const name of [".wh.", ".wh..", ".wh...", "d/.wh..", "d/.wh..."]) {
      await expectRefused(tarOf({ name }), "invalid whiteout");
    }
    await expectRefused(tarOf({ name: "../.wh.canary" }), '"../.wh.canary" is outside of "/"');
  });

  test("remove nothing of the layer itself", async () => {
    const tree = await expectTaken(
      tarOf({ name: "x", content: "x" }, { name: ".wh.x" }, { name: ".wh..wh.plnk" }),
    );
    expect(names(tree)).toEqual(["x"]);
    await expectTaken(tarOf({ name: ".wh..wh..opq" }, folder("d"), { name: "d/.wh..wh..opq" }));
  });
});

describe("devices, owners and modes", () => {
  test("are as the layer says, set-id bits and times with foreign owners too", async () => {
    const tree = await expectTaken(
      tarOf(
        { name: "disk", type: "blockDevice", deviceMajor: 8, deviceMinor: 0, mode: 0o777 },
        { name: "memory", type: "charDevice", deviceMajor: 1, deviceMinor: 1, mode: 0o666 },
        {
          name: "suid",
          content: "s",
          mode: 0o7755,
          uid: 1000,
          gid: 1000,
          mtimeSeconds: 1,
          mtimeNanoseconds: 999,
        },
        { name: "suid-again", content: "s", mode: 0o4755, mtimeSeconds: -1 },
        { name: "far", uid: 4_294_967_293, gid: 4_294_967_293, mtimeSeconds: 2 ** 33 },
      ),
    );
    const line = (name: string) => tree.find((each) => each.startsWith(`${name} `));
    expect(line("suid")).toStartWith("suid file 7755 1000 1000 1 1000000999 ");
    expect(line("suid-again")).toStartWith("suid-again file 4755 0 0 1 -1000000000 ");
    expect(line("far")).toStartWith("far file 644 4294967293 4294967293 1 8589934592000000000 ");
  });

  test("nobody can own a file as `nobody at all`", async () => {
    await expectRefused(tarOf({ name: "x", uid: 4_294_967_295 }), "archive/tar: invalid tar header");
    const negative = patched({ name: "x" }, (block) => block.fill(0xff, 108, 116));
    await expectRefused(Buffer.concat([negative, END_OF_ARCHIVE]), "archive/tar: invalid tar header");
  });
});

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
    const long = record("comment", "c".repeat(2_000_000));
    await expectRefused(Buffer.concat([pax(Buffer.from(long)), memberBlocks({ name: "x" })]), "");
    // Each of these is allowed; together they would be hundreds of megabytes if they were kept.
    const header = pax(Buffer.from(record("comment", "c".repeat(1_000_000))));
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
              .map(([key, value]) => record(key, value))
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

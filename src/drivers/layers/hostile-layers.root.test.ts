import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { END_OF_ARCHIVE } from "../../spec/tar/mod.ts";
import { formatPaxRecord } from "../../spec/tar/pax-records.ts";
import { type Member, memberBlocks, tarOf } from "../../spec/tar/tar.fixture.ts";
import { folder, namesOf, patched, pax, useLayerArena } from "./hostile-layers.testing.ts";

const { arena, expectRefused, expectTaken } = useLayerArena();

const link = (name: string, linkName: string): Member => ({ name, type: "symlink", linkName });
const hardLink = (name: string, linkName: string): Member => ({ name, type: "hardlink", linkName });

describe("names", () => {
  test("that climb out are refused, wherever they do", async () => {
    for (const name of ["..", "../x", "/../x", "a/../../x", "./../x", `${"../".repeat(40)}etc/x`]) {
      await expectRefused(tarOf({ name, content: "x" }), `${JSON.stringify(name)} is outside of "/"`);
      await expectRefused(tarOf({ name: `${name}/`, type: "directory" }), "");
    }
    expect(namesOf(await expectTaken(tarOf({ name: "a/../b", content: "b" })))).toEqual(["b"]);
  });

  test("that are absolute start at the root of the layer", async () => {
    const layer = tarOf({ name: join(arena.outside, "secret"), content: "x" }, { name: "//x", content: "x" });
    expect(namesOf(await expectTaken(layer)).at(-1)).toBe("x");
  });

  test("with NUL, of 256 bytes and of 4 KiB are refused", async () => {
    const nul = Buffer.concat([
      pax(Buffer.from(formatPaxRecord("path", "a\0b"))),
      memberBlocks({ name: "x" }),
    ]);
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
    expect(namesOf(tree)).toEqual(["f", "h", "l"]);
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
    expect(namesOf(tree)).toEqual(["in", "in/y", "to", "up", "x"]);
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
    expect(namesOf(tree)).toEqual(["file", "file/in", "link", "link/in", "null", "secret", "swap", "tree"]);
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
    expect(namesOf(tree)).toEqual(["d", "d/x"]);
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
    expect(namesOf(tree)).toEqual(["x"]);
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

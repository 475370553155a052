import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setXattr } from "../../os/linux/xattr.ts";
import { compareTrees } from "./compare-trees.ts";
import { copyTree } from "./copy-tree.ts";
import { tarTree } from "./tar-tree.ts";

test("a copy packs to the same tar as its source, and comparing finds nothing", () => {
  const base = mkdtempSync(join(tmpdir(), "gantry-copy-"));
  try {
    const [source, target] = [join(base, "source"), join(base, "target")];
    mkdirSync(source);
    mkdirSync(target);
    const script = `
      mkdir -m 3711 d; echo text > d/file; ln d/file hard; ln -s d/file soft; mknod null c 1 3; mkfifo pipe
      printf x > "$(printf 'raw\\377')"; chown 5:6 d/file; chmod 6755 d/file; chown -h 7:8 soft; touch -d @1000.5 d/file d soft`;
    expect(spawnSync("sh", ["-ec", script], { cwd: source, encoding: "utf8" }).stderr).toBe("");
    setXattr(join(source, "d"), "user.note", Buffer.of(0, 255));
    copyTree(source, target);
    const pack = (directory: string) =>
      Buffer.concat([...tarTree({ kind: "tree", directory })].map((part) => Buffer.from(part)));
    expect(pack(target).equals(pack(source))).toBe(true);
    expect(lstatSync(join(target, "hard")).ino).toBe(lstatSync(join(target, "d/file")).ino);
    expect(compareTrees(target, source)).toEqual([]);
    setXattr(join(target, "d"), "user.note", Buffer.of(1));
    expect(compareTrees(target, source)).toEqual([{ path: "/d", kind: "modified" }]);
  } finally {
    rmSync(base, { recursive: true });
  }
});

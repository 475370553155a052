import { expect, test } from "bun:test";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { kindOf } from "../../base/errors.ts";
import { type Member, tarOf } from "../../spec/tar/tar.fixture.ts";
import type { SnapshotterFixture } from "./snapshotter.suite.ts";

async function failureOf(task: Promise<unknown>): Promise<string> {
  return await task.then(() => "none", kindOf);
}

/** What snapshotters do whose layers can be unpacked in any order. Needs root. */
export function testRebase(open: () => Promise<SnapshotterFixture>): void {
  test("a layer that was unpacked before the one below it fits on it", async () => {
    await using fixture = await open();
    const { snapshotter } = fixture;
    const rebase = snapshotter.rebase!;
    await snapshotter.prepare("extract-top");
    const top: Member[] = [
      { name: "own/", type: "directory", mode: 0o700 },
      { name: "below/deep/new", content: "top" },
      { name: ".wh.removed" },
    ];
    const implied = await fixture.apply("extract-top", tarOf(...top));
    expect([...implied].sort()).toEqual(["", "below", "below/deep"]);
    expect(await failureOf(rebase("extract-top", "base", implied))).toBe("notFound");
    const base: Member[] = [
      { name: "./", type: "directory", mode: 0o711 },
      { name: "own/", type: "directory", mode: 0o755, uid: 5 },
      { name: "below/", type: "directory", mode: 0o1777, uid: 12, gid: 34 },
      { name: "below/old", content: "base" },
      { name: "removed", content: "base" },
    ];
    await snapshotter.prepare("extract-base");
    await fixture.apply("extract-base", tarOf(...base));
    await snapshotter.commit("base", "extract-base");
    await rebase("extract-top", "base", implied);
    expect(await failureOf(rebase("extract-top", "base", implied))).toBe("invalidArgument");
    await snapshotter.commit("top", "extract-top");
    expect(await snapshotter.stat("top")).toMatchObject({ parent: "base", kind: "committed" });
    await snapshotter.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    const at = (name: string) => join(mounted.path, name);
    expect(await stat(mounted.path)).toMatchObject({ mode: 0o40711 });
    expect(await stat(at("own"))).toMatchObject({ uid: 0, mode: 0o40700 });
    expect(await stat(at("below"))).toMatchObject({ uid: 12, gid: 34, mode: 0o41777 });
    expect(await stat(at("below/deep"))).toMatchObject({ uid: 0, gid: 0, mode: 0o40755 });
    expect(await readFile(at("below/old"), "utf8")).toBe("base");
    expect(await readFile(at("below/deep/new"), "utf8")).toBe("top");
    await expect(stat(at("removed"))).rejects.toThrow("ENOENT");
  });

  test("a layer that hides all below does so whenever that comes", async () => {
    await using fixture = await open();
    const { snapshotter } = fixture;
    await snapshotter.prepare("extract-top");
    const top: Member[] = [
      { name: "./", type: "directory", mode: 0o750 },
      { name: ".wh..wh..opq" },
      { name: "folder/", type: "directory" },
      { name: "folder/new", content: "top" },
      { name: "sparse", content: "s" },
    ];
    const implied = await fixture.apply("extract-top", tarOf(...top));
    await snapshotter.prepare("extract-base");
    await fixture.apply("extract-base", tarOf({ name: "folder/old" }, { name: "gone", content: "g" }));
    await snapshotter.commit("base", "extract-base");
    await snapshotter.rebase!("extract-top", "base", implied);
    await snapshotter.commit("top", "extract-top");
    await snapshotter.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    expect((await readdir(mounted.path)).sort()).toEqual(["folder", "sparse"]);
    expect(await readdir(join(mounted.path, "folder"))).toEqual(["new"]);
    expect((await stat(mounted.path)).mode).toBe(0o40750);
    expect(await readFile(join(mounted.path, "sparse"), "utf8")).toBe("s");
  });
}

import { expect, test } from "bun:test";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { kindOf } from "../../base/errors.ts";
import { type Member, tarOf } from "../../spec/tar/tar.fixture.ts";
import type { Snapshotter } from "./snapshotter.ts";

/** A snapshotter to be tested. */
export interface SnapshotterFixture extends AsyncDisposable {
  readonly snapshotter: Snapshotter;
  /** Unpacks a layer, an uncompressed tar, into an active snapshot; the directories that it only implies. */
  apply(key: string, tar: Uint8Array): Promise<readonly string[]>;
  /** An extended attribute of a file. */
  xattr(path: string, name: string): Buffer | undefined;
  /** Mounts a snapshot and answers where; disposing unmounts. */
  mount(key: string): Promise<{ readonly path: string } & AsyncDisposable>;
  /** A snapshotter over the same state, as after the end of the process. */
  reopen(): Promise<Snapshotter>;
}

async function failureOf(task: Promise<unknown>): Promise<string> {
  return await task.then(() => "none", kindOf);
}

/** Makes the committed snapshot `name` on `parent` with what `write` does in it. */
async function layer(
  fixture: SnapshotterFixture,
  name: string,
  parent: string | undefined,
  write: (path: string) => Promise<void>,
): Promise<void> {
  await fixture.snapshotter.prepare(`extract-${name}`, parent);
  {
    await using mounted = await fixture.mount(`extract-${name}`);
    await write(mounted.path);
  }
  await fixture.snapshotter.commit(name, `extract-${name}`);
}

async function twoLayers(fixture: SnapshotterFixture): Promise<void> {
  await layer(fixture, "base", undefined, async (path) => {
    await writeFile(join(path, "kept"), "base");
    await writeFile(join(path, "replaced"), "base");
    await writeFile(join(path, "removed"), "base");
    await mkdir(join(path, "folder/deep"), { recursive: true });
    await writeFile(join(path, "folder/deep/old"), "base");
  });
  await layer(fixture, "top", "base", async (path) => {
    await writeFile(join(path, "replaced"), "top");
    await rm(join(path, "removed"));
    await rm(join(path, "folder"), { recursive: true });
    await mkdir(join(path, "folder"));
    await writeFile(join(path, "folder/new"), "top");
  });
}

/** Makes the committed snapshot `name` on `parent` from the members of a tar. */
async function tarLayer(
  fixture: SnapshotterFixture,
  name: string,
  parent: string | undefined,
  ...members: Member[]
): Promise<void> {
  await fixture.snapshotter.prepare(`extract-${name}`, parent);
  await fixture.apply(`extract-${name}`, tarOf(...members));
  await fixture.snapshotter.commit(name, `extract-${name}`);
}

/** What every snapshotter does. Needs root: snapshots are really mounted. */
export function testSnapshotter(open: () => Promise<SnapshotterFixture>): void {
  test("a snapshot shows its parents with its own changes on top and never changes them", async () => {
    await using fixture = await open();
    await twoLayers(fixture);
    await fixture.snapshotter.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    const at = (name: string) => join(mounted.path, name);
    expect(await readFile(at("kept"), "utf8")).toBe("base");
    expect(await readFile(at("replaced"), "utf8")).toBe("top");
    await expect(stat(at("removed"))).rejects.toThrow("ENOENT");
    expect(await readFile(at("folder/new"), "utf8")).toBe("top");
    await expect(stat(at("folder/deep"))).rejects.toThrow("ENOENT");
    await writeFile(at("kept"), "container");
    await fixture.snapshotter.prepare("other", "top");
    await using other = await fixture.mount("other");
    expect(await readFile(join(other.path, "kept"), "utf8")).toBe("base");
  });

  test("a layer's tar is seen as it says, by everybody above", async () => {
    await using fixture = await open();
    const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    await tarLayer(
      fixture,
      "base",
      undefined,
      { name: "./", type: "directory", mode: 0o711 },
      { name: "big", content: "x".repeat(300_000) },
      { name: "capable", content: "c", xattrs: new Map([["security.capability", capability]]) },
      { name: "device", type: "charDevice", deviceMajor: 300, deviceMinor: 70_000, mode: 0o640 },
      { name: "empty" },
      { name: "folder/", type: "directory", mode: 0o1770, uid: 70_000, gid: 6, mtimeNanoseconds: 7 },
      { name: "folder/setuid", content: "s", mode: 0o6755, uid: 7, gid: 8 },
      { name: "folder/\xff", content: "not UTF-8" },
      { name: "link", type: "symlink", linkName: `folder/${"x".repeat(900)}` },
      { name: "old", content: "o", mtimeSeconds: -5 },
      { name: "pipe", type: "fifo", mode: 0o600 },
      { name: "same", type: "hardlink", linkName: "capable" },
      {
        name: "steered/",
        type: "directory",
        xattrs: new Map([
          ["trusted.overlay.opaque", "y"],
          ["trusted.note", "n"],
          ["user.note", "u"],
        ]),
      },
    );
    await fixture.snapshotter.prepare("container", "base");
    await using mounted = await fixture.mount("container");
    const at = (name: string) => join(mounted.path, name);
    expect((await stat(mounted.path)).mode).toBe(0o40711);
    expect(await readFile(at("big"), "latin1")).toBe("x".repeat(300_000));
    expect((await stat(at("empty"))).size).toBe(0);
    expect(await lstat(at("folder"))).toMatchObject({ uid: 70_000, gid: 6, mode: 0o41770 });
    expect(await lstat(at("folder/setuid"))).toMatchObject({ uid: 7, gid: 8, mode: 0o106755 });
    const names = await readdir(at("folder"), { encoding: "buffer" });
    expect(names.map((name) => name.toString("latin1")).sort()).toEqual(["setuid", "\xff"]);
    expect(await readlink(at("link"))).toHaveLength(907);
    expect((await lstat(at("link"))).mtimeMs).toBe(1_500_000_000_000);
    expect((await lstat(at("old"))).mtimeMs).toBe(-5000);
    const device = await lstat(at("device"));
    expect(device).toMatchObject({ mode: 0o20640, rdev: 0x11112c70 });
    expect((await lstat(at("pipe"))).isFIFO()).toBe(true);
    const [capable, same] = await Promise.all([lstat(at("capable")), lstat(at("same"))]);
    expect(same).toMatchObject({ ino: capable.ino, nlink: 2 });
    expect(fixture.xattr(at("capable"), "security.capability")?.toString("latin1")).toBe(capability);
    expect(fixture.xattr(at("steered"), "trusted.note")?.toString()).toBe("n");
    expect(fixture.xattr(at("steered"), "user.note")?.toString()).toBe("u");
    expect(fixture.xattr(at("steered"), "trusted.overlay.opaque")).toBeUndefined();
    expect(await readdir(mounted.path)).toHaveLength(10);
  });

  test("whiteouts of a layer hide what is below it and nothing else", async () => {
    await using fixture = await open();
    await tarLayer(
      fixture,
      "base",
      undefined,
      { name: "gone/", type: "directory" },
      { name: "gone/deep", content: "d" },
      { name: "hidden/", type: "directory", mode: 0o700 },
      { name: "hidden/old", content: "o" },
      { name: "implied/", type: "directory", mode: 0o711, uid: 3, xattrs: new Map([["user.note", "n"]]) },
      { name: "implied/old", content: "o" },
      { name: "replaced/", type: "directory" },
      { name: "replaced/old", content: "o" },
      { name: "kept", content: "k" },
    );
    await tarLayer(
      fixture,
      "top",
      "base",
      { name: ".wh.gone" },
      { name: "hidden/", type: "directory", mode: 0o750 },
      { name: "hidden/new", content: "n" },
      { name: "hidden/.wh..wh..opq" },
      { name: "implied/new", content: "n" },
      { name: ".wh.replaced" },
      { name: "replaced/", type: "directory" },
      { name: "replaced/new", content: "n" },
      { name: ".wh.never" },
    );
    await fixture.snapshotter.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    const list = async (name: string) => (await readdir(join(mounted.path, name))).sort();
    expect(await list("")).toEqual(["hidden", "implied", "kept", "replaced"]);
    expect(await list("hidden")).toEqual(["new"]);
    expect((await stat(join(mounted.path, "hidden"))).mode).toBe(0o40750);
    expect(await list("implied")).toEqual(["new", "old"]);
    expect(await stat(join(mounted.path, "implied"))).toMatchObject({ mode: 0o40711, uid: 3 });
    expect(fixture.xattr(join(mounted.path, "implied"), "user.note")?.toString()).toBe("n");
    expect(await list("replaced")).toEqual(["new"]);
    await rm(join(mounted.path, "hidden"), { recursive: true });
    expect(await list("")).toEqual(["implied", "kept", "replaced"]);
  });

  test("an opaque root hides all layers below", async () => {
    await using fixture = await open();
    const base = ["gone", "folder/old", "deep/deeper/old"].map((name) => ({ name, content: "b" }));
    await tarLayer(fixture, "base", undefined, ...base);
    await tarLayer(
      fixture,
      "top",
      "base",
      { name: "folder/new", content: "t" },
      { name: ".wh..wh..opq" },
      { name: "own", content: "t" },
    );
    await fixture.snapshotter.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    expect((await readdir(mounted.path)).sort()).toEqual(["folder", "own"]);
    expect(await readdir(join(mounted.path, "folder"))).toEqual(["new"]);
  });

  test("views of one layer and of several are read-only", async () => {
    await using fixture = await open();
    await twoLayers(fixture);
    for (const parent of ["base", "top"]) {
      await fixture.snapshotter.view(`view-${parent}`, parent);
      await using mounted = await fixture.mount(`view-${parent}`);
      expect(await readFile(join(mounted.path, "replaced"), "utf8")).toBe(parent);
      await expect(writeFile(join(mounted.path, "new"), "")).rejects.toThrow("EROFS");
      expect(await fixture.snapshotter.changes(`view-${parent}`)).toEqual([]);
    }
  });

  test("the root directory keeps owner and mode through layers", async () => {
    await using fixture = await open();
    await layer(fixture, "base", undefined, async (path) => {
      await chown(path, 12, 34);
      await chmod(path, 0o1777);
    });
    await fixture.snapshotter.prepare("container", "base");
    await using mounted = await fixture.mount("container");
    expect(await stat(mounted.path)).toMatchObject({ uid: 12, gid: 34, mode: 0o41777 });
  });

  test("changes tell what was added, modified and deleted", async () => {
    await using fixture = await open();
    await twoLayers(fixture);
    await fixture.snapshotter.prepare("container", "top");
    expect(await fixture.snapshotter.changes("container")).toEqual([]);
    {
      await using mounted = await fixture.mount("container");
      const at = (name: string) => join(mounted.path, name);
      await writeFile(at("kept"), "changed in length");
      await rm(at("replaced"));
      await writeFile(at("folder/added"), "");
      await symlink("/nowhere", at("link"));
    }
    expect(await fixture.snapshotter.changes("container")).toEqual([
      { path: "/folder", kind: "modified" },
      { path: "/folder/added", kind: "added" },
      { path: "/kept", kind: "modified" },
      { path: "/link", kind: "added" },
      { path: "/replaced", kind: "deleted" },
    ]);
  });

  test("a replaced directory shows what it hides as deleted", async () => {
    await using fixture = await open();
    await twoLayers(fixture);
    await fixture.snapshotter.prepare("container", "base");
    {
      await using mounted = await fixture.mount("container");
      await rm(join(mounted.path, "folder"), { recursive: true });
      await mkdir(join(mounted.path, "folder"));
    }
    expect(await fixture.snapshotter.changes("container")).toEqual([
      { path: "/folder", kind: "modified" },
      { path: "/folder/deep", kind: "deleted" },
    ]);
  });

  test("usage counts a snapshot's own files, several names of a file once", async () => {
    await using fixture = await open();
    await fixture.snapshotter.prepare("container");
    expect(await fixture.snapshotter.usage("container")).toEqual({ sizeBytes: 0, inodes: 0 });
    {
      await using mounted = await fixture.mount("container");
      await writeFile(join(mounted.path, "file"), Buffer.alloc(1_000_000, 1));
      await link(join(mounted.path, "file"), join(mounted.path, "again"));
    }
    const usage = await fixture.snapshotter.usage("container");
    expect(usage.inodes).toBe(1);
    expect(usage.sizeBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(usage.sizeBytes).toBeLessThan(1_100_000);
    await fixture.snapshotter.commit("layer", "container");
    // A driver may keep a layer in another form than what a container writes.
    const committed = await fixture.snapshotter.usage("layer");
    expect(committed.inodes).toBe(1);
    expect(Math.abs(committed.sizeBytes - usage.sizeBytes)).toBeLessThan(50_000);
    expect(await (await fixture.reopen()).usage("layer")).toEqual(committed);
  });

  test("keys, parents and kinds are checked", async () => {
    await using fixture = await open();
    const { snapshotter } = fixture;
    await snapshotter.prepare("active");
    expect(await failureOf(snapshotter.prepare("active"))).toBe("alreadyExists");
    expect(await failureOf(snapshotter.prepare("child", "missing"))).toBe("notFound");
    expect(await failureOf(snapshotter.prepare("child", "active"))).toBe("invalidArgument");
    expect(await failureOf(snapshotter.commit("layer", "missing"))).toBe("notFound");
    expect(await failureOf(snapshotter.mounts("missing"))).toBe("notFound");
    expect(await failureOf(snapshotter.stat("missing"))).toBe("notFound");
    await snapshotter.commit("layer", "active");
    expect(await failureOf(snapshotter.stat("active"))).toBe("notFound");
    await snapshotter.prepare("second");
    expect(await failureOf(snapshotter.commit("layer", "second"))).toBe("alreadyExists");
    expect((await snapshotter.stat("second")).kind).toBe("active");
    await snapshotter.view("view", "layer");
    expect(await failureOf(snapshotter.commit("other", "view"))).toBe("invalidArgument");
    expect(await failureOf(snapshotter.applyTarget("layer"))).toBe("invalidArgument");
    expect(await snapshotter.stat("view")).toMatchObject({ key: "view", parent: "layer", kind: "view" });
  });

  test("a parent cannot be removed; removing frees key and files", async () => {
    await using fixture = await open();
    const { snapshotter } = fixture;
    await twoLayers(fixture);
    await snapshotter.prepare("container", "top");
    const target = await snapshotter.applyTarget("container");
    expect(await failureOf(snapshotter.remove("top"))).toBe("conflict");
    await snapshotter.remove("container");
    await snapshotter.remove("container");
    await snapshotter.prepare("container", "top");
    await snapshotter.remove("container");
    await snapshotter.remove("top");
    const left: string[] = [];
    for await (const info of snapshotter.walk()) left.push(info.key);
    expect(left).toEqual(["base"]);
    await snapshotter.reconcile();
    const directory = dirname("imageFile" in target ? target.imageFile : target.directory);
    await expect(lstat(directory)).rejects.toThrow("ENOENT");
  });

  test("snapshots are there after a restart, and reconcile leaves them alone", async () => {
    await using fixture = await open();
    await twoLayers(fixture);
    const again = await fixture.reopen();
    await again.reconcile();
    expect(await again.stat("top")).toMatchObject({ parent: "base", kind: "committed" });
    await again.prepare("container", "top");
    await using mounted = await fixture.mount("container");
    expect(await readFile(join(mounted.path, "replaced"), "utf8")).toBe("top");
  });
}

/** The limit that images have with every driver; apart from the rest, since a driver that copies takes long for it. */
export function testLayerDepth(open: () => Promise<SnapshotterFixture>): void {
  test("127 layers can be stacked, and no more", async () => {
    await using fixture = await open();
    let parent: string | undefined;
    for (let number = 1; number <= 127; number++) {
      const name = `layer-${number}`;
      await tarLayer(fixture, name, parent, { name: `file-${number}`, content: String(number) });
      parent = name;
    }
    await fixture.snapshotter.prepare("container", parent);
    expect(await failureOf(fixture.snapshotter.applyTarget("container"))).toBe("invalidArgument");
    await expect(fixture.snapshotter.commit("layer-128", "container")).rejects.toThrow("max depth exceeded");
    await using mounted = await fixture.mount("container");
    expect(await readdir(mounted.path)).toHaveLength(127);
    expect(await readFile(join(mounted.path, "file-1"), "utf8")).toBe("1");
  }, 30_000);
}

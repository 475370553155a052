import { expect, test } from "bun:test";
import { chmod, chown, link, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kindOf } from "../../base/errors.ts";
import type { Snapshotter } from "./snapshotter.ts";

/** A snapshotter to be tested. */
export interface SnapshotterFixture extends AsyncDisposable {
  readonly snapshotter: Snapshotter;
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
    expect(await fixture.snapshotter.usage("layer")).toEqual(usage);
    expect(await (await fixture.reopen()).usage("layer")).toEqual(usage);
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
    const { directory } = await snapshotter.applyTarget("container");
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

import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testSnapshotter } from "../../core/snapshots/snapshotter.suite.ts";
import { createSubvolume } from "../../os/linux/btrfs.ts";
import { mountLoopFilesystem } from "../layers/loop-filesystem.fixture.ts";
import type { SnapshotterOptions } from "../layers/mod.ts";
import { openSnapshotterFixture } from "../layers/snapshotter.fixture.ts";
import { openBtrfsSnapshotter } from "./btrfs-snapshotter.ts";

const MIB = 1 << 20;
const filesystem = mountLoopFilesystem(["mkfs.btrfs", "-q"], 256 * MIB);
afterAll(() => filesystem?.[Symbol.dispose]());

const open = (options: Partial<SnapshotterOptions> = {}) =>
  openSnapshotterFixture(
    "btrfs",
    (parts) => openBtrfsSnapshotter({ ...parts, ...options }),
    filesystem!.path,
  );

/** Writes as somebody whom limits hold: the kernel lets root exceed some. */
function fill(directory: string, megabytes: number): string {
  // From inside: the way there is root's alone.
  const script = `cd "$1" && chmod 777 . && setpriv --reuid 65534 --clear-groups --inh-caps=-all dd if=/dev/urandom of=fill bs=1M count=${megabytes} conv=fsync`;
  return spawnSync("sh", ["-c", script, "sh", directory], { encoding: "utf8" }).stderr;
}

describe.skipIf(!filesystem)("btrfs", () => {
  describe("contract", () => testSnapshotter(open));

  test("a snapshot takes only what it changes", async () => {
    await using fixture = await open();
    await fixture.snapshotter.prepare("container");
    {
      await using mounted = await fixture.mount("container");
      writeFileSync(join(mounted.path, "big"), Buffer.alloc(4 * MIB, 1));
    }
    await fixture.snapshotter.commit("layer", "container");
    await fixture.snapshotter.prepare("container", "layer");
    expect(await fixture.snapshotter.usage("container")).toEqual({ sizeBytes: 0, inodes: 0 });
  });

  test("a container takes no more than its limit", async () => {
    await using fixture = await open();
    await fixture.snapshotter.prepare("container", undefined, { storageOptions: { size: "8m" } });
    await fixture.snapshotter.prepare("free");
    {
      await using mounted = await fixture.mount("container");
      expect(fill(mounted.path, 20)).toContain("Disk quota exceeded");
      await using free = await fixture.mount("free");
      expect(fill(free.path, 20)).not.toContain("exceeded");
    }
  });

  test("options are checked as docker does", async () => {
    await using fixture = await open({ driverOptions: ["btrfs.min_space=10M"] });
    const prepare = (storageOptions: Record<string, string>) =>
      fixture.snapshotter.prepare("container", undefined, { storageOptions });
    await expect(prepare({ size: "1m" })).rejects.toThrow("btrfs: storage size cannot be less than 10.49MB");
    await expect(prepare({ size: "0" })).rejects.toThrow("btrfs: invalid storage size: 0B");
    await expect(prepare({ inodes: "1" })).rejects.toThrow("unknown option inodes");
    await expect(open({ driverOptions: ["dm.fs=xfs"] })).rejects.toThrow("unknown option dm.fs");
  });

  test("a container's own subvolumes go with it", async () => {
    await using fixture = await open();
    await fixture.snapshotter.prepare("container");
    await using mounted = await fixture.mount("container");
    await createSubvolume(join(mounted.path, "inner"));
    writeFileSync(join(mounted.path, "inner/file"), "x");
    await mounted[Symbol.asyncDispose]();
    await fixture.snapshotter.remove("container");
    await fixture.snapshotter.reconcile();
    expect(spawnSync("ls", ["-A", join(fixture.root, "trash")], { encoding: "utf8" }).stdout).toBe("");
  });
});

test("another file system is refused", async () => {
  const opening = openSnapshotterFixture("btrfs", openBtrfsSnapshotter, "/dev/shm");
  await expect(opening).rejects.toThrow("prerequisites for driver not satisfied (wrong filesystem?)");
});

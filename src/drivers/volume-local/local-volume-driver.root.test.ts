import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackgroundWork } from "../../base/background-work.ts";
import { silentLogger } from "../../base/logger.ts";
import type { VolumeRecord } from "../../core/volumes/volume.ts";
import { createSubvolume } from "../../os/linux/btrfs.ts";
import { mountLoopFilesystem } from "../layers/loop-filesystem.fixture.ts";
import { LocalVolumeDriver } from "./local-volume-driver.ts";

const MIB = 1 << 20;
const filesystem = mountLoopFilesystem(["mkfs.btrfs", "-q"], 256 * MIB);
afterAll(() => filesystem?.[Symbol.dispose]());

const volume = (name: string, options: Record<string, string> = {}): VolumeRecord => ({
  name,
  driver: "local",
  createdAt: "2025-01-01T00:00:00.000000000Z",
  labels: {},
  options,
  anonymous: false,
});

describe.skipIf(!filesystem)("volumes on btrfs", () => {
  const root = join(filesystem?.path ?? "", "volumes");
  const driver = new LocalVolumeDriver(root, new BackgroundWork(silentLogger));
  const put = (path: string, megabytes: number) =>
    writeFileSync(path, Buffer.alloc(megabytes * MIB, "x"), { flush: true });
  const groups = () =>
    spawnSync("btrfs", ["qgroup", "show", "--raw", "-r", root], { encoding: "utf8" }).stdout.match(
      /^0\/\d{3}.* 8388608 .*$/gm,
    );

  test("one with a size takes no more, and is moved and removed with its limit", async () => {
    const sized = volume("sized", { size: "8m", mode: "2770" });
    await driver.create(sized);
    await driver.create(volume("plain"));
    const path = driver.pathOf(sized);
    expect((statSync(path).mode & 0o7777).toString(8)).toBe("2770");
    expect(() => put(join(path, "big"), 20)).toThrow("EDQUOT");
    rmSync(join(path, "big"));
    put(join(path, "small"), 4);
    put(join(driver.pathOf({ name: "plain" }), "big"), 20);
    await driver.rename("sized", "moved");
    expect(() => put(join(driver.pathOf({ name: "moved" }), "big"), 20)).toThrow("EDQUOT");
    expect(groups()).toHaveLength(1);
    await driver.remove({ ...sized, name: "moved" });
    await driver.remove(volume("plain"));
    expect(readdirSync(root)).toEqual([]);
  });

  test("a directory that a crash left, or that was lost, gets its limit", async () => {
    const sized = volume("again", { size: "8m" });
    mkdirSync(driver.pathOf(sized), { recursive: true });
    await driver.create(sized);
    expect(() => put(join(driver.pathOf(sized), "big"), 20)).toThrow("EDQUOT");
    await driver.remove(sized);
    expect(await driver.sweep([sized])).toEqual({ found: [], lost: ["again"] });
    expect(() => put(join(driver.pathOf(sized), "big"), 20)).toThrow("EDQUOT");
    rmSync(join(driver.pathOf(sized), "big"));
    await createSubvolume(join(driver.pathOf(sized), "inner"));
    await driver.remove(sized);
    expect(existsSync(driver.pathOf(sized))).toBe(false);
  });
});

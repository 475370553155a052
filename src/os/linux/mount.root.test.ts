import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bindMount,
  isMountPoint,
  mount,
  mountTmpfs,
  setPropagation,
  unmount,
  unmountBelow,
} from "./mount.ts";
import { findMountAt } from "./mountinfo.ts";
import { mountOverlay, mountOverlayByOptions } from "./overlay-mount.ts";
import { SyscallError } from "./syscall-error.ts";

let base: string;
const at = (...parts: string[]) => join(base, ...parts);
const make = (...parts: string[]) => {
  mkdirSync(at(...parts), { recursive: true });
  return at(...parts);
};

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "gantry-mount-")));
});
afterEach(async () => {
  await unmountBelow(base, { detach: true });
  rmSync(base, { recursive: true });
});

test("a tmpfs comes and goes, and going twice is harmless", async () => {
  mountTmpfs({ target: make("t"), sizeBytes: 65536, mode: 0o710 });
  const row = findMountAt(at("t"));
  expect(row?.fsType).toBe("tmpfs");
  expect(row?.superOptions).toContain("size=64k");
  expect(row?.superOptions).toContain("mode=710");
  expect(await unmount(at("t"))).toBe(true);
  expect(await unmount(at("t"))).toBe(false);
  expect(await unmount(at("missing"))).toBe(false);
});

test("a mount in use is busy unless it is detached", async () => {
  mountTmpfs({ target: make("t") });
  mountTmpfs({ target: make("t", "inner") });
  await expect(unmount(at("t"))).rejects.toMatchObject({ code: "EBUSY", syscall: "umount2", path: at("t") });
  expect(await unmount(at("t"), { detach: true })).toBe(true);
  expect(isMountPoint(at("t"))).toBe(false);
});

test("a recursive read-only bind is read-only all the way down", async () => {
  mountTmpfs({ target: make("src") });
  mountTmpfs({ target: make("src", "sub") });
  await bindMount({ source: at("src"), target: make("dst"), recursive: true, readOnly: true, nosuid: true });
  expect(() => writeFileSync(at("dst", "x"), "")).toThrow("EROFS");
  expect(() => writeFileSync(at("dst", "sub", "x"), "")).toThrow("EROFS");
  expect(findMountAt(at("dst", "sub"))?.options).toContain("nosuid");
  writeFileSync(at("src", "sub", "x"), "seen");
  expect(readFileSync(at("dst", "sub", "x"), "utf8")).toBe("seen");
});

test("a bind that is not recursive leaves inner mounts behind", async () => {
  mountTmpfs({ target: make("src", "sub") });
  writeFileSync(at("src", "sub", "x"), "");
  await bindMount({ source: at("src"), target: make("dst") });
  expect(() => readFileSync(at("dst", "sub", "x"))).toThrow("ENOENT");
});

test("propagation is set and read back", async () => {
  await bindMount({ source: make("p"), target: at("p"), propagation: "private" });
  expect(findMountAt(at("p"))?.propagation).toBe("private");
  setPropagation(at("p"), "shared");
  expect(findMountAt(at("p"))?.propagation).toBe("shared");
  await bindMount({ source: at("p"), target: make("slave"), propagation: "slave", readOnly: true });
  expect(findMountAt(at("slave"))).toMatchObject({ propagation: "slave" });
  expect(findMountAt(at("slave"))?.options).toContain("ro");
});

test.each([
  ["this kernel's own way", mountOverlay],
  ["the way of older kernels", mountOverlayByOptions],
])("an overlay of 127 layers with long paths mounts and copies up, %s", async (_way, mountLayers) => {
  const long = "l".repeat(120);
  const lower: string[] = [];
  for (let index = 0; index < 127; index++) {
    const directory = make(long, `${long}-${index}`);
    writeFileSync(join(directory, `file-${index}`), String(index));
    writeFileSync(join(directory, "common"), String(index));
    lower.push(directory);
  }
  const layers = { lower, upper: make("upper"), work: make("work") };
  await mountLayers({ ...layers, target: make("merged") });
  expect(readFileSync(at("merged", "file-126"), "utf8")).toBe("126");
  expect(readFileSync(at("merged", "common"), "utf8")).toBe("0");
  writeFileSync(at("merged", "file-126"), "new");
  expect(readFileSync(at("upper", "file-126"), "utf8")).toBe("new");
});

test("layers with separators in their paths and read-only overlays work", async () => {
  const lower = [make("a:b,c"), make("back\\slash")];
  writeFileSync(join(lower[1]!, "x"), "x");
  await mountOverlay({ lower, target: make("merged"), readOnly: true });
  expect(readFileSync(at("merged", "x"), "utf8")).toBe("x");
  expect(() => writeFileSync(at("merged", "y"), "")).toThrow("EROFS");
});

test("a refused overlay says why and leaves nothing", async () => {
  const attempt = mountOverlay({ lower: [at("missing")], target: make("merged") });
  await expect(attempt).rejects.toBeInstanceOf(SyscallError);
  await attempt.catch(() => {});
  expect(isMountPoint(at("merged"))).toBe(false);
});

test("mount says what the kernel said", async () => {
  await expect(mount({ source: "none", target: at("missing"), fsType: "tmpfs" })).rejects.toMatchObject({
    code: "ENOENT",
  });
  await expect(mount({ source: "none", target: base, fsType: "no-such-fs" })).rejects.toMatchObject({
    code: "ENODEV",
  });
});

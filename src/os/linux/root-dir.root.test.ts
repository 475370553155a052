import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { RootDir } from "./root-dir.ts";
import { isErrno } from "./syscall-error.ts";

let base: string;
let root: RootDir;
const outside = (...parts: string[]) => join(base, "outside", ...parts);
const inside = (...parts: string[]) => join(base, "root", ...parts);

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "gantry-root-"));
  mkdirSync(outside());
  mkdirSync(inside());
  writeFileSync(outside("secret"), "secret");
  root = RootDir.open(inside());
});
afterEach(() => {
  root.close();
  rmSync(base, { recursive: true });
});

test("absolute and climbing links end inside the root", async () => {
  symlinkSync(outside(), inside("absolute"));
  symlinkSync("../outside", inside("climbing"));
  symlinkSync(outside("secret"), inside("file"));
  await expect(root.readFile("file")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(root.readFile("climbing/secret")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(root.readFile("../../outside/secret")).rejects.toMatchObject({ code: "ENOENT" });
  root.mkdirAll("absolute/made");
  expect(existsSync(inside(outside(), "made"))).toBe(true);
  root.mkdir("outside");
  await root.writeFile("climbing/../escape", "x");
  expect(existsSync(inside("escape"))).toBe(true);
  expect(readdirSync(outside())).toEqual(["secret"]);
});

test("attributes of a link are its own, and following stays inside", () => {
  root.mkdirAll("etc");
  symlinkSync("/etc", inside("link"));
  root.chown("link", 5, 6);
  root.utimes("link", { modifyNs: 1_500_000_000_123_456_789n });
  root.setXattr("link", "trusted.note", Buffer.from("on the link"));
  expect(root.stat("link")).toMatchObject({
    type: "symlink",
    uid: 5,
    gid: 6,
    modifyNs: 1_500_000_000_123_456_789n,
  });
  expect(root.getXattr("link", "trusted.note")?.toString()).toBe("on the link");
  expect(root.stat("link", { follow: true })).toMatchObject({ type: "directory", uid: 0 });
  expect(root.getXattr("etc", "trusted.note")).toBeUndefined();
  expect(() => root.chmod("link", 0o600)).toThrow("not supported");
  root.chmod("link", 0o4711, { follow: true });
  expect(root.stat("etc").mode).toBe(0o4711);
  expect(root.readlink("link")).toBe("/etc");
});

test("nodes of every type are made and told apart", async () => {
  root.mkdir("d", 0o750);
  root.symlink("/nowhere", "d/l");
  root.mknod("d/null", "character", 0o666, { major: 1, minor: 3 });
  root.mknod("d/fifo", "fifo", 0o600);
  await root.writeFile("d/f", "content", { mode: 0o640 });
  root.link("d/f", "d/g");
  root.link("d/l", "d/m");
  expect(new Map(root.list("d").map((entry) => [entry.name, entry.type]))).toEqual(
    new Map([
      ["l", "symlink"],
      ["m", "symlink"],
      ["null", "character"],
      ["fifo", "fifo"],
      ["f", "file"],
      ["g", "file"],
    ]),
  );
  expect(root.stat("d/null")).toMatchObject({ deviceMajor: 1, deviceMinor: 3 });
  expect(root.stat("d/f")).toMatchObject({ links: 2, sizeBytes: 7 });
  root.rename("d/g", "h");
  expect((await root.readFile("/h")).toString()).toBe("content");
});

test("opening a device or a FIFO is refused without touching it", async () => {
  root.mknod("fifo", "fifo", 0o600);
  root.mknod("zero", "character", 0o666, { major: 1, minor: 5 });
  for (const name of ["fifo", "zero"]) {
    await expect(root.readFile(name)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(root.writeFile(name, "x")).rejects.toMatchObject({ code: "EINVAL" });
  }
  symlinkSync("fifo", inside("link"));
  expect(() => root.open("link", constants.O_RDONLY | constants.O_NOFOLLOW)).toThrow("symbolic links");
});

test("directories are made through dangling links and refused below files", async () => {
  symlinkSync("/run", inside("var-run"));
  expect(root.mkdirAll("var-run/a/b", 0o711)).toEqual(["/run", "/var-run/a", "/var-run/a/b"]);
  expect(lstatSync(inside("run/a/b")).mode & 0o777).toBe(0o711);
  expect(root.mkdirAll("run/a")).toEqual([]);
  symlinkSync("loop", inside("loop"));
  expect(() => root.mkdirAll("loop/x")).toThrow();
  await root.writeFile("file", "");
  expect(() => root.mkdirAll("file/x")).toThrow("not a directory");
  await root.writeFile("new-link-target-missing", "");
  symlinkSync("created", inside("dangling"));
  await root.writeFile("dangling", "through");
  expect(readFileSync(inside("created"), "utf8")).toBe("through");
});

test("removal takes everything inside and nothing behind links", async () => {
  root.mkdirAll("t/a/b");
  symlinkSync(outside(), inside("t", "a", "out"));
  writeFileSync(inside("t", "a", "b", "file"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${inside("t")}/`), Buffer.of(0xff, 0xfe)]), "");
  expect(root.list("t").some((entry) => Buffer.isBuffer(entry.name))).toBe(true);
  expect(await root.removeAll("t")).toBe(true);
  expect(await root.removeAll("t")).toBe(false);
  expect(await root.removeAll("missing/deep")).toBe(false);
  expect(readdirSync(outside())).toEqual(["secret"]);
  await expect(root.removeAll("/")).rejects.toMatchObject({ code: "EINVAL" });
});

test("removal copes with a tree deeper than the limit of open directories", async () => {
  let current = root.openRoot("/");
  for (let depth = 0; depth < 700; depth++) {
    current.mkdir("dddddddddd");
    const next = current.openRoot("dddddddddd");
    current.close();
    current = next;
  }
  current.close();
  expect(await root.removeAll("dddddddddd")).toBe(true);
  expect(root.list("/")).toEqual([]);
});

test("names with a NUL and names that are none are refused", () => {
  expect(() => root.mkdir("a\0b")).toThrow("NUL");
  expect(() => root.unlink("..")).toThrow("invalid argument");
  expect(() => root.mkdir("/")).toThrow("invalid argument");
});

// Runs in a thread: swaps a directory for a link that leads out, as fast as it can, until told to stop.
const SWAPPER = `
  const { workerData, parentPort } = require("node:worker_threads");
  const { dir, stop, os } = workerData;
  (async () => {
    const { addressOf } = await import(os + "/ffi/native.ts");
    const { SYS, syscall, AT_FDCWD } = await import(os + "/linux/libc.ts");
    const one = Buffer.from(dir + "/swap\\0");
    const two = Buffer.from(dir + "/evil\\0");
    const RENAME_EXCHANGE = 2;
    let swaps = 0;
    parentPort.postMessage("running");
    while (Atomics.load(stop, 0) === 0) {
      if (syscall(SYS.renameat2, AT_FDCWD, addressOf(one), AT_FDCWD, addressOf(two), RENAME_EXCHANGE, 0) === 0) swaps++;
    }
    parentPort.postMessage(swaps);
  })();
`;

test("a directory that is swapped for a link meanwhile leads nobody out", async () => {
  root.mkdir("swap");
  writeFileSync(inside("swap", "secret"), "inside");
  symlinkSync(outside(), inside("evil"));
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const os = join(import.meta.dir, "..");
  const swapper = new Worker(SWAPPER, { eval: true, workerData: { dir: inside(), os, stop } });
  const said = () => new Promise<unknown>((resolve) => swapper.once("message", resolve));
  await said();
  const outcomes = { done: 0, refused: 0 };
  for (let round = 0; round < 2000; round++) {
    for (const attempt of [
      () => root.chmod("swap/secret", 0o600),
      () => root.mkdir(`swap/made${round}`),
      () => root.symlink("x", `swap/link${round}`),
      () => root.chown("swap/secret", 12, 12),
      () => root.open("swap/file", constants.O_CREAT | constants.O_WRONLY).close(),
    ]) {
      try {
        attempt();
        outcomes.done++;
      } catch (error) {
        // Seen in the middle of a swap: the directory is missing, or the link's target does not exist in here.
        if (!isErrno(error, "ENOENT", "EEXIST", "ENOTDIR", "ELOOP")) throw error;
        outcomes.refused++;
      }
    }
    if (round % 100 === 0) await root.removeAll("swap/file").catch(() => {});
  }
  Atomics.store(stop, 0, 1);
  expect(Number(await said())).toBeGreaterThan(100);
  await swapper.terminate();
  expect(outcomes.done).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(10);
  expect(readdirSync(outside())).toEqual(["secret"]);
  expect(lstatSync(outside("secret"))).toMatchObject({ uid: 0 });
  expect(lstatSync(outside("secret")).mode & 0o777).toBe(0o644);
});

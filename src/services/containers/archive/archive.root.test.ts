import { expect, test } from "bun:test";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ContainerMount } from "../../../core/containers/container-mount.ts";
import { mountPointsBelow } from "../../../os/linux/mountinfo.ts";
import { readProcessStat } from "../../../os/linux/process.ts";
import { END_OF_ARCHIVE, encodeEntry, paddingOf, type TarEntry } from "../../../spec/tar/mod.ts";
import { ContainersFixture, handleOf } from "../containers.fixture.ts";
import { exportContainer } from "../export.ts";
import { getContainerArchive } from "./get-archive.ts";
import { type PutArchiveOptions, putContainerArchive } from "./put-archive.ts";
import { statContainerPath } from "./stat-path.ts";

const BUSYBOX = "/usr/bin/busybox";

function tarOf(
  ...members: Array<Partial<TarEntry> & { readonly name: string; readonly text?: string }>
): Buffer {
  const blocks = members.map(({ text = "", ...member }) => {
    const entry: TarEntry = {
      type: "file",
      linkName: "",
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtimeSeconds: 1_000,
      mtimeNanoseconds: 0,
      sizeBytes: text.length,
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
      ...member,
    };
    return Buffer.concat([encodeEntry(entry), Buffer.from(text), paddingOf(text.length)]);
  });
  return Buffer.concat([...blocks, END_OF_ARCHIVE]);
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

/** Names of a tar's members, links with their targets. */
function namesOf(tar: Buffer): string[] {
  const listing = execFileSync("tar", ["-tPf", "-"], { input: tar, encoding: "utf8" });
  return listing.split("\n").filter((line) => line !== "");
}

class Subject implements AsyncDisposable {
  readonly fixture = new ContainersFixture();
  readonly id: string;
  readonly root: string;
  readonly aborter = new AbortController();

  constructor(changes: Parameters<ContainersFixture["add"]>[0] = {}) {
    this.id = this.fixture.add(changes).id;
    this.root = this.fixture.snapshotOf(this.id);
    mkdirSync(join(this.root, "etc"));
    writeFileSync(join(this.root, "etc/motd"), "hello");
    writeFileSync(join(this.root, "etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:7:8::/:/bin/sh\n");
    symlinkSync("/etc", join(this.root, "link"));
    symlinkSync("../nowhere/file", join(this.root, "etc/dangling"));
  }

  stat(path: string) {
    return statContainerPath(this.fixture.parts, { id: this.id, name: "web" }, path);
  }

  get(path: string) {
    return getContainerArchive(this.fixture.parts, { id: this.id, name: "web" }, path, {
      signal: this.aborter.signal,
    });
  }

  async names(path: string): Promise<string[]> {
    return namesOf(await bytesOf((await this.get(path)).tar));
  }

  put(path: string, tar: Buffer, options: Partial<PutArchiveOptions> = {}) {
    async function* pieces() {
      for (let offset = 0; offset < tar.length; offset += 1000) yield tar.subarray(offset, offset + 1000);
    }
    return putContainerArchive(this.fixture.parts, { id: this.id, name: "web" }, path, pieces(), {
      noOverwriteDirNonDir: false,
      copyUidGid: false,
      signal: this.aborter.signal,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    expect(mountPointsBelow(this.fixture.folder)).toEqual([]);
    await this.fixture[Symbol.asyncDispose]();
  }
}

test("what is at a path is told as docker does", async () => {
  await using subject = new Subject();
  expect(await subject.stat("/etc/motd")).toMatchObject({
    name: "motd",
    size: 5,
    mode: 0o644,
    linkTarget: "",
  });
  expect(await subject.stat("etc/")).toMatchObject({ name: "etc", mode: 2 ** 31 + 0o755 });
  expect(await subject.stat("/link")).toMatchObject({ mode: 2 ** 27 + 0o777, linkTarget: "/etc" });
  expect(await subject.stat("/link/")).toMatchObject({ name: "link", mode: 2 ** 31 + 0o755, linkTarget: "" });
  expect(await subject.stat("/link/.")).toMatchObject({ name: ".", mode: 2 ** 31 + 0o755 });
  expect((await subject.stat("/link/dangling")).linkTarget).toBe("/nowhere/file");
  expect((await subject.stat("/../../etc/../link/motd")).name).toBe("motd");
  await expect(subject.stat("/none")).rejects.toMatchObject({
    kind: "notFound",
    message: "Could not find the file /none in container web",
  });
  await expect(subject.stat("/etc/motd/")).rejects.toThrow("lstat /etc/motd/: not a directory");
});

test("a tree is packed under the last element of its path", async () => {
  await using subject = new Subject();
  const inside = ["dangling", "motd", "passwd"];
  expect(await subject.names("/etc")).toEqual(["etc/", ...inside.map((name) => `etc/${name}`)]);
  expect(await subject.names("/link/")).toEqual(["link/", ...inside.map((name) => `link/${name}`)]);
  expect(await subject.names("/etc/.")).toEqual(["./", ...inside.map((name) => `./${name}`)]);
  expect(await subject.names("/etc/motd")).toEqual(["motd"]);
  expect(await subject.names("/link")).toEqual(["link"]);
  expect((await subject.names("/")).slice(0, 3)).toEqual(["/", "/etc/", "/etc/dangling"]);
  expect(subject.fixture.actions).toEqual(Array(6).fill("archive-path"));
});

test("a reader that never begins gives the container back", async () => {
  await using subject = new Subject();
  await subject.get("/etc");
  const waiting = subject.stat("/etc");
  subject.aborter.abort();
  expect((await waiting).name).toBe("etc");
});

test("archives are extracted, plain and packed, with owners of the archive or of the container", async () => {
  await using subject = new Subject({ config: { Image: "image", User: "app" } });
  const tar = tarOf(
    { name: "./", type: "directory", mode: 0o700 },
    { name: "d/", type: "directory", mode: 0o750, uid: 3, gid: 4 },
    { name: "d/f", text: "content", mode: 0o4711, uid: 5, gid: 6 },
    { name: "d/.wh.motd", text: "" },
    { name: "d/hard", type: "hardlink", linkName: "d/f" },
  );
  await subject.put("/link/", gzipSync(tar));
  const at = (path: string) => lstatSync(join(subject.root, path));
  expect(at("etc").mode & 0o777).toBe(0o755);
  expect(at("etc/d")).toMatchObject({ uid: 3, gid: 4 });
  expect(at("etc/d/f")).toMatchObject({ uid: 5, gid: 6, mode: 0o104711, nlink: 2 });
  expect(at("etc/d").mtimeMs).toBe(1_000_000);
  expect(readFileSync(join(subject.root, "etc/d/f"), "utf8")).toBe("content");
  // A name of a layer's language is a name here.
  expect(existsSync(join(subject.root, "etc/d/.wh.motd"))).toBe(true);
  await subject.put("/", zstdCompressSync(tar), { copyUidGid: true });
  expect(at("d/f")).toMatchObject({ uid: 7, gid: 8 });
  await subject.put("/", Buffer.alloc(0));
  expect(subject.fixture.actions).toEqual(Array(3).fill("extract-to-dir"));
  const cutOff = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]);
  await expect(subject.put("/", cutOff)).rejects.toMatchObject({
    kind: "invalidArgument",
    message: "the archive cannot be decompressed: xz: unexpected end of input",
  });
  await expect(subject.put("/", Buffer.alloc(600, "x"))).rejects.toMatchObject({ kind: "invalidArgument" });
});

test("what is in the way is replaced, unless asked not to", async () => {
  await using subject = new Subject();
  const file = tarOf({ name: "d", text: "file" });
  const directory = tarOf({ name: "d/", type: "directory", mode: 0o755 }, { name: "d/f", text: "x" });
  await subject.put("/", directory);
  await expect(subject.put("/", file, { noOverwriteDirNonDir: true })).rejects.toThrow(
    'cannot overwrite directory "/d" with non-directory "/"',
  );
  await subject.put("/", file);
  expect(lstatSync(join(subject.root, "d")).isFile()).toBe(true);
  await expect(subject.put("/", directory, { noOverwriteDirNonDir: true })).rejects.toThrow(
    'cannot overwrite non-directory "/d" with directory "/"',
  );
  await subject.put("/", directory);
  expect(readdirSync(join(subject.root, "d"))).toEqual(["f"]);
  await expect(subject.put("/etc/motd", file)).rejects.toMatchObject({
    kind: "invalidArgument",
    message: "extraction point is not a directory",
  });
  await expect(subject.put("/none", file)).rejects.toThrow("Could not find the file /none in container web");
});

test("a container that does not run shows its volumes; what is read-only stays as it is", async () => {
  const volume = (name: string, destination: string, readWrite: boolean): ContainerMount => ({
    type: "volume",
    name,
    driver: "local",
    destination,
    readWrite,
    mode: "",
    noCopy: false,
    subpath: "",
    anonymous: false,
  });
  await using subject = new Subject({
    hostConfig: { ReadonlyRootfs: true },
    mounts: [volume("one", "/data", true), volume("two", "/data/ro", false)],
  });
  const { fixture } = subject;
  for (const name of ["one", "two"]) mkdirSync(fixture.volumeOf(name), { recursive: true });
  writeFileSync(join(fixture.volumeOf("two"), "seen"), "");
  const tar = tarOf({ name: "new", text: "x" });
  await subject.put("/data", tar);
  expect(existsSync(join(fixture.volumeOf("one"), "new"))).toBe(true);
  expect(await subject.names("/data")).toEqual(["data/", "data/new", "data/ro/", "data/ro/seen"]);
  await expect(subject.put("/data/ro", tar)).rejects.toThrow("mounted volume is marked read-only");
  await expect(subject.put("/etc", tar)).rejects.toThrow("container rootfs is marked read-only");
  // Not by its name, but by the mount: the member leads into a read-only volume.
  await expect(subject.put("/data", tarOf({ name: "ro/new", text: "x" }))).rejects.toMatchObject({
    code: "EROFS",
  });
});

test("a running container is seen from inside", async () => {
  await using subject = new Subject();
  copyFileSync(BUSYBOX, join(subject.root, "busybox"));
  mkdirSync(join(subject.root, "proc"));
  const enter = `mount -t proc proc proc && exec chroot . /busybox sh -c 'echo up; exec /busybox sleep 100'`;
  const child = spawn("unshare", ["--mount", "sh", "-c", enter], { cwd: subject.root });
  try {
    await once(child.stdout, "data");
    const { startTicks } = readProcessStat(child.pid!)!;
    subject.fixture.run(subject.id, { handle: handleOf(subject.id, child.pid!, Number(startTicks)) });
    using _held = await subject.fixture.parts.locks.acquire(subject.id);
    await subject.put("/etc", tarOf({ name: "new", text: "x" }));
    expect(await subject.names("/etc/new")).toEqual(["new"]);
    expect((await subject.stat("/link/new")).size).toBe(1);
    // What the kernel shows of itself is no content.
    expect((await subject.names("/")).filter((name) => name.startsWith("/proc"))).toEqual(["/proc/"]);
    expect((await subject.stat("/proc/self/")).mode).toBeGreaterThan(2 ** 31);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

test("no member and no link leads out of the container", async () => {
  await using subject = new Subject();
  const outside = join(subject.fixture.folder, "outside");
  mkdirSync(outside, { mode: 0o700 });
  symlinkSync(outside, join(subject.root, "absolute"));
  symlinkSync("../../outside", join(subject.root, "relative"));
  const upwards = tarOf({ name: "../evil", text: "x" });
  await expect(subject.put("/etc", upwards)).rejects.toMatchObject({
    kind: "invalidArgument",
    message: '"../evil" is outside of "/"',
  });
  await expect(subject.get("/absolute/")).rejects.toThrow("Could not find the file");
  await expect(subject.put("/absolute", tarOf({ name: "evil", text: "x" }))).rejects.toThrow(
    "Could not find",
  );
  // Resolved from the container's root, `../../outside` is `/outside`.
  mkdirSync(join(subject.root, "outside"));
  await subject.put("/", tarOf({ name: "relative/evil", text: "x" }));
  expect(readdirSync(join(subject.root, "outside"))).toEqual(["evil"]);
  const hard = tarOf({ name: "stolen", type: "hardlink", linkName: "../../../etc/shadow" });
  await expect(subject.put("/", hard)).rejects.toMatchObject({ kind: "invalidArgument" });
  expect(readdirSync(outside)).toEqual([]);
});

test("a directory that is swapped for a link meanwhile leads nowhere", async () => {
  await using subject = new Subject();
  const outside = join(subject.fixture.folder, "outside");
  mkdirSync(join(outside, "f"), { recursive: true });
  chmodSync(outside, 0o700);
  chownSync(outside, 9, 9);
  writeFileSync(join(outside, "kept"), "kept");
  mkdirSync(join(subject.root, "d"));
  const swap = `while :; do mv d real; ln -s '${outside}' d; rm d; mv real d; done 2>/dev/null`;
  const swapper = spawn("bash", ["-c", swap], { cwd: subject.root, stdio: "ignore" });
  const members = tarOf(
    { name: "d/", type: "directory", mode: 0o777, uid: 1, gid: 1 },
    { name: "d/f", text: "x", mode: 0o777, uid: 1, gid: 1 },
    { name: "d/sub/", type: "directory", mode: 0o777, uid: 1, gid: 1 },
  );
  let done = 0;
  try {
    for (let round = 0; round < 60; round++) {
      // Where the swap is seen, the extraction or the packing fails: both ends are right.
      await subject.put("/", members).then(
        () => done++,
        () => {},
      );
      await subject.names("/d/").catch(() => {});
    }
  } finally {
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
  }
  expect(done).toBeGreaterThan(0);
  expect(readdirSync(outside).sort()).toEqual(["f", "kept"]);
  expect(statSync(outside)).toMatchObject({ uid: 9, gid: 9, mode: 0o40700 });
  expect(statSync(join(outside, "f")).isDirectory()).toBe(true);
});

test("the root file system is exported without what is mounted into it", async () => {
  await using subject = new Subject({
    mounts: [
      {
        type: "bind",
        source: "/etc",
        destination: "/mnt",
        readWrite: true,
        mode: "",
        propagation: "rprivate",
        propagationIsOurs: false,
        createSource: true,
        nonRecursive: false,
        readOnlyNonRecursive: false,
        readOnlyForceRecursive: false,
      },
    ],
  });
  mkdirSync(join(subject.root, "mnt"));
  const { signal } = subject.aborter;
  const tar = await bytesOf(await exportContainer(subject.fixture.parts, subject.id, { signal }));
  expect(namesOf(tar)).toEqual(["etc/", "etc/dangling", "etc/motd", "etc/passwd", "link", "mnt/"]);
  expect(subject.fixture.actions).toEqual(["export"]);
});

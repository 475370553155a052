import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { END_OF_ARCHIVE, encodeEntry, paddingOf } from "../../src/spec/tar/mod.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";
import { volumeSteps } from "./volume-steps.ts";

/** How long each operation is raced; GANTRY_RACE_MS makes it longer. */
const RACE_MS = Number(process.env["GANTRY_RACE_MS"] ?? 800);

const MAX_RACE_MS = 10_000;

/**
 * What a hostile container does with directories it can write to: exchanges `a` and `a.link` in one system call, for every
 * pair it is given, as fast as one process can. Its arguments: directory, name, directory, name …
 */
const SWAPPER = `
import ctypes, os, sys
RENAME_EXCHANGE, parent = 2, os.getppid()
libc = ctypes.CDLL(None, use_errno=True)
pairs = [(os.open(at, os.O_PATH), name.encode()) for at, name in zip(sys.argv[1::2], sys.argv[2::2])]
print("swapping", flush=True)
while os.getppid() == parent:
    for at, name in pairs:
        if libc.renameat2(at, name, at, name + b".link", RENAME_EXCHANGE) != 0:
            sys.exit(os.strerror(ctypes.get_errno()))
`;

describe("while a container swaps directories for links out of its tree", () => {
  let swapper: ChildProcess;
  // Before the engine's own clearing, which would take away what is swapped.
  afterAll(() => {
    const isRacing = swapper.exitCode === null;
    swapper.kill("SIGKILL");
    expect(isRacing).toBe(true);
  });
  const harness = useEngine();
  const { docker, shell, buildImage } = volumeSteps(harness);
  let outside: string;
  let untouched: string[];

  beforeAll(async () => {
    outside = join(harness.engine.directory, "outside");
    mkdirSync(join(outside, "sub"), { recursive: true });
    mkdirSync(join(outside, "empty"));
    for (const name of ["file", "sub/file"]) writeFileSync(join(outside, name), "host-secret\n");
    untouched = everythingIn(outside);

    const pairs = `mkdir -p dir/sub hole; echo inside | tee dir/file > dir/sub/file; ln -s ${outside} dir.link; ln -s ${outside}/empty hole.link`;
    await buildImage("test/seed", "mkdir /seed; for i in 1 2 3 4 5 6 7 8; do echo seed > /seed/$i; done");
    const script = `for at in /race /vol; do mkdir -p $at; cd $at; ${pairs}; done; echo ready; exec sleep 1000`;
    await docker("run", "-d", "--name", "racer", "-v", "swapped:/vol", TEST_IMAGE, "sh", "-ec", script);
    while (!(await docker("logs", "racer")).stdout.includes("ready"));
    const { stdout } = await docker("inspect", "--format", "{{.State.Pid}}", "racer");
    const root = `/proc/${stdout.trim()}/root`;
    const swapped = [`${root}/race`, "dir", `${root}/vol`, "dir", `${root}/vol`, "hole"];
    swapper = spawn("python3", ["-c", SWAPPER, ...swapped], { stdio: ["ignore", "pipe", "inherit"] });
    await once(swapper.stdout!, "data");
  });

  /** Repeats a step for the time of a race, longer where it never came through so far. How often it did, and how often not. */
  async function race(step: () => Promise<boolean>): Promise<{ done: number; refused: number }> {
    const outcomes = { done: 0, refused: 0 };
    const startMs = Date.now();
    const isLong = () => Date.now() - startMs > (outcomes.done === 0 ? MAX_RACE_MS : RACE_MS);
    while (!isLong()) {
      if (await step()) outcomes.done++;
      else outcomes.refused++;
      expect(everythingIn(outside)).toEqual(untouched);
    }
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(outside);
    return outcomes;
  }

  function api(method: string, path: string, body?: Buffer): Promise<{ status: number; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const headers = { "Content-Type": path.includes("archive") ? "application/x-tar" : "application/json" };
      const sent = request({ socketPath: harness.engine.socketPath, method, path, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        // An answer that breaks off: what was found first could not be found again.
        response.on("error", () => {});
        response.on("close", () => {
          const status = response.complete ? response.statusCode! : 0;
          resolve({ status, body: Buffer.concat(parts) });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  async function readOut(container: string, path: string): Promise<boolean> {
    const { status, body } = await api("GET", `/containers/${container}/archive?path=${path}`);
    expect(body.includes("host-secret")).toBe(false);
    return status === 200 && body.includes("inside");
  }

  const write = async (container: string, path: string, tar: Buffer) =>
    (await api("PUT", `/containers/${container}/archive?path=${path}`, tar)).status === 200;

  async function create(body: object): Promise<string | undefined> {
    const answer = await api("POST", "/containers/create", Buffer.from(JSON.stringify(body)));
    return answer.status === 201 ? JSON.parse(answer.body.toString()).Id : undefined;
  }

  function subpathOf(path: string, target: string): object {
    return { Type: "volume", Source: "swapped", Target: target, VolumeOptions: { Subpath: path } };
  }

  test("cp out of it reads nothing of the host", async () => {
    const { done, refused } = await race(() => readOut("racer", "/race/dir/file"));
    expect(done).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    expect((await race(() => readOut("racer", "/race"))).done).toBeGreaterThan(0);
  });

  test("cp into it writes nothing on the host", async () => {
    const { done, refused } = await race(() => write("racer", "/race/dir", fileArchive()));
    expect(done).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  test("extraction of members below what is swapped stays inside", async () => {
    const { done, refused } = await race(() => write("racer", "/race", treeArchive("dir/")));
    expect(done + refused).toBeGreaterThan(2);
  });

  test("cp with a container at rest mounts, reads and writes nothing of the host", async () => {
    const bound = join(harness.engine.directory, "bound");
    mkdirSync(bound);
    const binds = ["-v", "swapped:/vol", "-v", `${bound}:/vol/dir/made/mount`];
    await docker("create", "--name", "rest", ...binds, TEST_IMAGE);
    const read = await race(() => readOut("rest", "/vol/dir/file"));
    const written = await race(() => write("rest", "/vol/dir", fileArchive()));
    for (const { done, refused } of [read, written]) {
      expect(done).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
    }
    await docker("rm", "rest");
  });

  test("an image's files are copied into the volume or nowhere", async () => {
    const hole = join(harness.engine.dataRoot, "volumes/swapped/_data/hole");
    const { done } = await race(async () => {
      const Mounts = [subpathOf("hole", "/seed")];
      const id = await create({ Image: "test/seed", HostConfig: { Mounts } });
      // Looked at before anything is deleted: whatever is outside must still be what it was.
      expect(everythingIn(outside)).toEqual(untouched);
      const isFilled = emptied(hole) === 8;
      if (id) await api("DELETE", `/containers/${id}`);
      return isFilled;
    });
    expect(done).toBeGreaterThan(0);
  });

  test("a sub-path is bound from the volume or not at all", async () => {
    let seen = 0;
    await race(async () => {
      const mount = ["--mount", "type=volume,src=swapped,dst=/m,volume-subpath=dir/sub"];
      const { stdout, code } = await shell("cat /m/file", ...mount);
      expect(["", "inside\n"]).toContain(stdout);
      if (stdout !== "") seen++;
      return code === 0;
    });
    expect(seen).toBeGreaterThan(0);
  });

  test("a sub-path of an image that is a link out of it is refused", async () => {
    await buildImage("test/escape", `ln -s ${outside} /abs; ln -s ../../../../../../../..${outside} /up`);
    for (const subpath of ["abs", "up", "abs/sub"]) {
      const mount = ["--mount", `type=image,src=test/escape,dst=/m,image-subpath=${subpath}`];
      const { stderr } = await shell("cat /m/file", ...mount);
      expect(stderr).toContain("path concatenation escapes the base directory");
    }
  });

  test("export and commit take along nothing of the host", async () => {
    const exported = await race(async () => {
      const { status, body } = await api("GET", "/containers/racer/export");
      expect(body.includes("host-secret")).toBe(false);
      return status === 200;
    });
    expect(exported.done).toBeGreaterThan(0);
    const committed = await race(async () => (await docker("commit", "racer", "test/racer")).code === 0);
    expect(committed.done).toBeGreaterThan(0);
    expect((await docker("run", "--rm", "test/racer", "grep", "-r", "host-secret", "/race")).stdout).toBe("");
  });
});

/** Each file below a directory with all that a stranger could have changed. */
function everythingIn(directory: string): string[] {
  return ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" })].sort().map((name) => {
    const { mode, uid, nlink, size, ctimeMs } = lstatSync(join(directory, name));
    return [name, mode, uid, nlink, size, ctimeMs].join(" ");
  });
}

/** Files of a directory are gone; how many there were. One that is a link at the moment has none. */
function emptied(directory: string): number {
  let count = 0;
  for (;;) {
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch {
      // Between two system calls it was something else.
      continue;
    }
    for (const name of names) {
      try {
        unlinkSync(join(directory, name));
        count++;
      } catch {
        // Swapped meanwhile: it is met again.
      }
    }
    if (names.length === 0 && !lstatSync(directory).isSymbolicLink() && readdirSync(directory).length === 0)
      return count;
  }
}

const PLAIN = {
  ...{ linkName: "", mode: 0o777, uid: 1234, gid: 1234, mtimeSeconds: 1, mtimeNanoseconds: 0, sizeBytes: 0 },
  ...{ deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, string>() },
};
const CONTENT = Buffer.from("from the archive\n");

function file(name: string): Buffer[] {
  const sizeBytes = CONTENT.length;
  return [encodeEntry({ ...PLAIN, type: "file", name, sizeBytes }), CONTENT, paddingOf(sizeBytes)];
}

function fileArchive(): Buffer {
  return Buffer.concat([...file("made"), END_OF_ARCHIVE]);
}

/** Files in directories, and a link that leads out with a file behind it, below `prefix`. */
function treeArchive(prefix: string): Buffer {
  const linkName = "../../../../../../../../../../tmp";
  return Buffer.concat([
    ...file(`${prefix}empty/made`),
    ...file(`${prefix}sub/made`),
    encodeEntry({ ...PLAIN, type: "directory", name: `${prefix}sub/deep/` }),
    encodeEntry({ ...PLAIN, type: "symlink", name: `${prefix}sub/out`, linkName }),
    ...file(`${prefix}sub/out/made`),
    END_OF_ARCHIVE,
  ]);
}

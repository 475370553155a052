import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../../../base/errors.ts";
import { LayerWorkers, mountSnapshot, unmountSnapshot } from "../../../drivers/layers/mod.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import { SyscallError } from "../../../os/linux/syscall-error.ts";
import { fillVolume } from "./fill-volume.ts";
import { openSubpath } from "./open-subpath.ts";
import { SideMounts } from "./side-mounts.ts";

const RACE_MS = 3000;

/**
 * What a hostile container does with a directory it can write to: `name` is a directory, then a link to `outside`, then
 * a directory again, as fast as one process can. The path is that of its program.
 */
const SWAPPER = `
import os, sys
base, name, outside = sys.argv[1:]
path, spare, link = (os.path.join(base, part) for part in (name, ".spare", ".link"))
while os.getppid() == int(os.environ["RACE_PARENT"]):
    try:
        os.symlink(outside, link)
        os.rename(path, spare)
        os.rename(link, path)
        os.unlink(path)
        os.rename(spare, path)
    except OSError:
        for each in (link, path):
            try: os.unlink(each)
            except OSError: pass
        try: os.rename(spare, path)
        except OSError: pass
`;

let folder: string;
let outside: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "gantry-race-")));
  outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "host");
});

afterEach(() => rmSync(folder, { recursive: true }));

async function whileSwapping(base: string, name: string, work: () => Promise<void>): Promise<number> {
  const env = { ...process.env, RACE_PARENT: String(process.pid) };
  const swapper = spawn("python3", ["-c", SWAPPER, base, name, outside], { env, stdio: "inherit" });
  let rounds = 0;
  try {
    for (const endMs = Date.now() + RACE_MS; Date.now() < endMs; rounds++) await work();
  } finally {
    swapper.kill("SIGKILL");
    await new Promise((resolve) => swapper.once("exit", resolve));
  }
  return rounds;
}

/** A race may make an operation fail in its own terms; anything else is a fault of the engine. */
async function maybe(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof EngineError || error instanceof SyscallError) return false;
    // What comes from another thread has kept its words alone.
    if (error instanceof Error && ("code" in error || /^E[A-Z]+: /.test(error.message))) return false;
    throw error;
  }
}

test("a sub-path that is swapped for a link out of the volume is never bound from outside", async () => {
  const volume = join(folder, "volume");
  mkdirSync(join(volume, "dir/sub"), { recursive: true });
  writeFileSync(join(volume, "dir/sub/mine"), "");
  mkdirSync(join(outside, "sub"));
  writeFileSync(join(outside, "sub/secret"), "host");
  const mounter = { mount: mountSnapshot, unmount: unmountSnapshot };
  const sideMounts = new SideMounts(join(folder, "mounts"), { remove: async () => {} } as never, mounter);
  let bound = 0;
  const rounds = await whileSwapping(volume, "dir", async () => {
    const done = await maybe(async () => {
      using node = openSubpath(volume, "dir/sub");
      const target = await sideMounts.bindNode("c1", 0, node);
      expect(readdirSync(target)).toEqual(["mine"]);
    });
    await sideMounts.release("c1");
    if (done) bound++;
  });
  expect(rounds).toBeGreaterThan(50);
  // The race was one: some tries met the directory, some the link.
  expect(bound).toBeGreaterThan(0);
  expect(bound).toBeLessThan(rounds);
});

test("copying an image's files into a volume whose directories are swapped touches nothing outside", async () => {
  const image = join(folder, "image");
  mkdirSync(join(image, "dir/deep"), { recursive: true });
  for (let index = 0; index < 40; index++)
    writeFileSync(join(image, `dir/f${index}`), "image", { mode: 0o666 });
  await using workers = new LayerWorkers({ maxWorkers: 1 });
  const before = statSync(outside);
  const [volume, trash] = [join(folder, "volume"), join(folder, "trash")];
  mkdirSync(volume);
  mkdirSync(trash);
  let moved = 0;
  const rounds = await whileSwapping(volume, "dir", async () => {
    // Renamed away: deleting what is in a tree that is being swapped would race by itself.
    for (const name of readdirSync(volume)) {
      await maybe(async () => renameSync(join(volume, name), join(trash, String(moved++))));
    }
    await maybe(async () => {
      using source = RootDir.open(image);
      await fillVolume(source, volume, async (from, to) => {
        await workers.run("copy", { source: from, target: to });
      });
    });
    expect(readdirSync(outside)).toEqual(["secret"]);
  });
  expect(rounds).toBeGreaterThan(5);
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("host");
  expect(statSync(outside)).toMatchObject({ mode: before.mode, mtimeMs: before.mtimeMs, uid: before.uid });
});

test("an image whose volume directory is a link copies from inside the image", async () => {
  const image = join(folder, "image");
  mkdirSync(join(image, "etc"), { recursive: true });
  writeFileSync(join(image, "etc/inside"), "");
  symlinkSync("/etc", join(image, "data"));
  symlinkSync(outside, join(image, "escape"));
  const volume = join(folder, "volume");
  mkdirSync(volume);
  await using workers = new LayerWorkers({ maxWorkers: 1 });
  using root = RootDir.open(image);
  using source = root.openRoot("/data");
  await fillVolume(
    source,
    volume,
    async (from, to) => void (await workers.run("copy", { source: from, target: to })),
  );
  expect(readdirSync(volume)).toEqual(["inside"]);
  expect(() => root.openRoot("/escape")).toThrow("no such file or directory");
  expect(lstatSync(join(image, "data")).isSymbolicLink()).toBe(true);
  expect(existsSync(join(outside, "inside"))).toBe(false);
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeBusyboxRoot } from "../fixtures/busybox-root.ts";
import { dockerCli } from "../fixtures/docker-cli.ts";
import { startEngine } from "../fixtures/engine.ts";
import { runOrThrow } from "../fixtures/run-command.ts";

setDefaultTimeout(60_000);

const IMAGE = "test/large:latest";

/** Resolves once a layer's image is being written below `directory`. */
async function whenWriting(directory: string): Promise<void> {
  const isWriting = () =>
    existsSync(directory) &&
    readdirSync(directory).some((name) => existsSync(join(directory, name, "layer.erofs")));
  while (!isWriting()) await delay(1);
}

test("an engine killed while it writes an EROFS image keeps nothing of it", async () => {
  await using engine = await startEngine({
    flags: ["-s", "erofs", "--default-address-pool", "base=10.215.0.0/16,size=24"],
  });
  const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
  const root = makeBusyboxRoot(join(engine.directory, "root"));
  writeFileSync(join(root, "large"), Buffer.alloc(40_000_000, 1));
  const tar = join(engine.directory, "root.tar");
  await runOrThrow(["tar", "-C", root, "-cf", tar, "."]);
  const driverRoot = join(engine.dataRoot, "erofs/snapshots/erofs");
  const snapshots = join(driverRoot, "snapshots");

  const importing = docker(["import", tar, IMAGE]);
  await whenWriting(snapshots);
  await engine.crash();
  expect((await importing).code).not.toBe(0);
  await engine.restart();
  expect((await docker(["image", "ls", "-q"])).stdout).toBe("");
  expect(readdirSync(snapshots)).toEqual([]);
  expect(readdirSync(join(driverRoot, "trash"))).toEqual([]);

  await docker(["import", tar, IMAGE]);
  const running = await docker([
    "run",
    "-d",
    "--name",
    "running",
    "--network",
    "none",
    IMAGE,
    "sleep",
    "1000",
  ]);
  expect(running.code).toBe(0);
  await engine.crash();
  // The killed engine's mount of the layer is there beside the container's.
  expect(readFileSync("/proc/mounts", "utf8")).toContain(snapshots);
  await engine.restart();
  expect((await docker(["exec", "running", "head", "-c", "3", "/large"])).stdout).toBe("\x01\x01\x01");
  await docker(["rm", "-f", "running"]);
  await docker(["image", "rm", IMAGE]);
  expect((await docker(["image", "ls", "-q"])).stdout).toBe("");
  await engine.stop();
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain(engine.directory);
  expect(readdirSync(snapshots)).toEqual([]);
});

import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { startScriptedRegistry } from "./scripted-registry.fixture.ts";

type Fixture = Awaited<ReturnType<typeof openImageFixture>>;

const MEBIBYTE = 1024 * 1024;

/** An image of some mebibytes that nothing can make smaller. */
async function makeLarge(f: Fixture, name: string, mebibytes: number) {
  const directory = await mkdtemp(join(f.folder, "large-"));
  await writeFile(join(directory, "noise"), crypto.getRandomValues(new Uint8Array(MEBIBYTE).fill(1)));
  for (let part = 1; part < mebibytes; part++) {
    const noise = new Uint8Array(MEBIBYTE);
    for (let offset = 0; offset < MEBIBYTE; offset += 65_536) {
      crypto.getRandomValues(noise.subarray(offset, offset + 65_536));
    }
    await writeFile(join(directory, `noise${part}`), noise);
  }
  return f.service.createFromTree({ source: { directory }, name, config: {}, createdBy: "test" });
}

function du(f: Fixture): number {
  const paths = ["content", "overlay"].map((part) => join(f.folder, part));
  return (
    execFileSync("du", ["-sk", ...paths], { encoding: "utf8" })
      .trim()
      .split("\n")
      .reduce((kibibytes, line) => kibibytes + Number(line.split("\t")[0]), 0) * 1024
  );
}

test("disk usage is what du finds, and adds up over the images", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const first = await makeLarge(f, "first", 4);
  await makeLarge(f, "second", 6);
  await f.service.tag("first", { repository: "again", tag: "" });
  const { os, architecture } = hostPlatform();
  const entries = [architecture, "s390x"].map((each) => ({
    ...registry.addImage(each, { architecture: each }),
    platform: { os, architecture: each },
  }));
  registry.addIndex("multi", entries);
  for (const platform of [undefined, { os, architecture: "s390x" }]) {
    const reference = `${registry.host}/x:multi`;
    await collect(await f.service.pull({ reference, platform, credentials: undefined, signal: signal() }));
  }
  f.users.push({
    containerId: "c".repeat(64),
    snapshot: "c".repeat(64),
    imageId: first.id,
    asked: "app",
    running: true,
  });

  const usage = await f.service.diskUsage();
  expect(Math.abs(usage.TotalSize / du(f) - 1)).toBeLessThan(0.01);
  expect([usage.TotalCount, usage.ActiveCount]).toEqual([3, 1]);
  const unique = usage.Items.reduce((bytes, { Size, SharedSize }) => bytes + Size - SharedSize, 0);
  expect(Math.abs(unique / usage.TotalSize - 1)).toBeLessThan(0.01);
  const kept = usage.Items.find(({ Id }) => Id === first.id)!;
  expect(usage.Reclaimable).toBe(usage.TotalSize - kept.Size);

  const before = du(f);
  const { SpaceReclaimed } = await f.service.prune(new Map([["dangling", ["false"]]]));
  expect(Math.abs((before - du(f)) / SpaceReclaimed - 1)).toBeLessThan(0.01);
  expect((await f.service.diskUsage()).Reclaimable).toBe(0);
});

test("the store is kept below a size: the image that was used longest ago goes first", async () => {
  await using f = await openImageFixture();
  const names = () => f.images.listNames().map(({ name }) => name.replace(/^.*\/|:latest$/g, ""));
  const images = { old: await makeLarge(f, "old", 2), used: await makeLarge(f, "used", 2) };
  const middle = await makeLarge(f, "middle", 2);
  f.images.markUsed(images.old.id, 1000);
  f.images.markUsed(images.used.id, 2000);
  f.images.markUsed(middle.id, 3000);
  f.users.push({
    containerId: "c".repeat(64),
    snapshot: "c".repeat(64),
    imageId: images.used.id,
    asked: "app",
    running: false,
  });
  const sizeBytes = images.old.sizeBytes + images.old.contentBytes;
  await using limit = f.service.limitStore({ maxUsedBytes: Math.round(sizeBytes * 2.5), graceMs: 60_000 });
  limit.request();
  await limit.settled();
  expect(names()).toEqual(["middle", "used"]);

  // What is new is spared even where it is too much; who uses an image keeps it.
  await makeLarge(f, "new", 2);
  await limit.settled();
  expect(names()).toEqual(["new", "used"]);
  await makeLarge(f, "newer", 2);
  await limit.settled();
  expect(names()).toEqual(["new", "newer", "used"]);
  expect(f.events.filter(({ action }) => action === "delete").map(({ actor }) => actor.id)).toEqual([
    images.old.id,
    middle.id,
  ]);
});

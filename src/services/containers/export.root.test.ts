import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mountPointsBelow } from "../../os/linux/mountinfo.ts";
import { ContainersFixture, handleOf } from "./containers.fixture.ts";
import { exportContainer } from "./export.ts";

const { signal } = new AbortController();

function open() {
  const fixture = new ContainersFixture();
  const { id } = fixture.add({});
  writeFileSync(join(fixture.snapshotOf(id), "file"), "");
  return { fixture, id };
}

async function namesIn(tar: AsyncIterable<Uint8Array>): Promise<string[]> {
  const input = Buffer.concat(await Array.fromAsync(tar));
  return execFileSync("tar", ["-tf", "-"], { input, encoding: "utf8" }).trim().split("\n");
}

test("a container that ends before its export is read is exported whole", async () => {
  const { fixture, id } = open();
  await using _ = fixture;
  await fixture.parts.rootfs.mount(id);
  fixture.run(id, { handle: handleOf(id, 1) });
  const tar = await exportContainer(fixture.parts, id, { signal });
  await fixture.parts.rootfs.unmount(id);
  expect(await namesIn(tar)).toEqual(["file"]);
});

test("a container that does not run is mounted for as long as its export is read", async () => {
  const { fixture, id } = open();
  await using _ = fixture;
  const tar = await exportContainer(fixture.parts, id, { signal });
  expect(mountPointsBelow(fixture.folder)).toEqual([fixture.parts.rootfs.pathOf(id)]);
  expect(await namesIn(tar)).toEqual(["file"]);
  expect(mountPointsBelow(fixture.folder)).toEqual([]);
});

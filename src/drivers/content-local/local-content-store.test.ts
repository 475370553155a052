import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { testContentStore } from "../../core/content/content-store.suite.ts";
import { LocalContentStore } from "./local-content-store.ts";

async function temporaryStore() {
  const root = await mkdtemp(join(tmpdir(), "gantry-content-"));
  return {
    root,
    store: new LocalContentStore(root),
    reopen: async () => new LocalContentStore(root),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

describe("contract", () => testContentStore(temporaryStore));

test("a committed blob is a read-only file and leaves nothing behind", async () => {
  await using fixture = await temporaryStore();
  const writer = await fixture.store.openIngest("a");
  await writer.write(Buffer.from("bytes"));
  const { digest } = await writer.commit({ digest: digestOf("bytes") });
  expect((await stat(fixture.store.pathOf(digest))).mode & 0o777).toBe(0o444);
  expect(await readdir(join(fixture.root, "ingest"))).toEqual([]);
});

test("an ingest whose start was cut short by a crash is started over", async () => {
  await using fixture = await temporaryStore();
  const writer = await fixture.store.openIngest("a");
  await writer.close();
  const [name] = await readdir(join(fixture.root, "ingest"));
  const folder = join(fixture.root, "ingest", name!);
  await rm(join(folder, "ref.json"));
  await writeFile(join(folder, "ref.json.new"), '{"re');
  await writeFile(join(folder, "data"), "left over");
  expect(await fixture.store.listIngests()).toEqual([]);
  await using again = await fixture.store.openIngest("a");
  expect(again.offsetBytes).toBe(0);
});

test("files that are no blobs are not taken for blobs", async () => {
  await using fixture = await temporaryStore();
  await mkdir(join(fixture.root, "blobs", "sha256"), { recursive: true });
  await writeFile(join(fixture.root, "blobs", "sha256", "notes.txt"), "x");
  for await (const blob of fixture.store.walk()) throw new Error(`found ${blob.digest}`);
});

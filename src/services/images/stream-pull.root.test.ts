import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../base/digest.ts";
import { shortId } from "../../base/ids.ts";
import { type Member, tarOf } from "../../spec/tar/tar.fixture.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { type BlobHandler, startScriptedRegistry } from "./scripted-registry.fixture.ts";

type Fixture = Awaited<ReturnType<typeof openImageFixture>>;

const options = (reference: string) => ({
  reference,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});

/** Random, so that half of the compressed bytes are half of the files. */
const megabytes = (count: number) => randomBytes(count * 1024 * 1024).toString("latin1");
const layerOf = (...members: Member[]) => gzipSync(tarOf(...members));

/** Sends the first `share` of a blob, and the rest, which may be another's, when the gate opens. */
function gated(blob: Buffer, share: number, gate: Promise<void>, rest = blob): BlobHandler {
  return async (_request, response) => {
    const half = Math.floor(blob.length * share);
    response.writeHead(200, { "content-length": blob.length }).write(blob.subarray(0, half));
    await gate;
    response.end(rest.subarray(half));
  };
}

/** Where the range begins that a request asks for. */
function startOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
}

function sendHead(response: ServerResponse, blob: Buffer, start: number): void {
  const range = start > 0 ? { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { "content-length": blob.length - start, ...range });
}

/** Paths of `name` in snapshots of any state. */
function unpacked({ folder }: Fixture, name: string): string[] {
  const snapshots = join(folder, "overlay/snapshots");
  return readdirSync(snapshots)
    .map((each) => join(snapshots, each, "fs", name))
    .filter((path) => existsSync(path));
}

async function until(look: () => boolean): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!look()) {
    if (Date.now() > endMs) throw new Error(`never came true: ${look}`);
    await sleep(5);
  }
}

async function leftovers(f: Fixture): Promise<unknown[]> {
  await f.service.sweep();
  const left: unknown[] = [];
  for await (const blob of f.content.walk()) left.push(blob);
  for await (const snapshot of f.snapshotter.walk()) left.push(snapshot);
  return [...left, ...f.images.list(), ...f.leases.resources()];
}

test("a layer is unpacked while it arrives, told as docker tells it", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const layer = layerOf({ name: "first", content: megabytes(3) }, { name: "second", content: megabytes(3) });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  registry.addImage("v1", { layers: [layer] });
  registry.handlers.set(digestOf(layer), gated(layer, 0.75, gate));
  const pulled = collect(await f.service.pull(options(`${registry.host}/x:v1`)));
  await until(() => unpacked(f, "first").some((path) => statSync(path).size === 3 * 1024 * 1024));
  open();
  const own = (await pulled).filter(({ id }) => id === shortId(digestOf(layer)));
  expect([...new Set(own.map(({ status }) => status))]).toEqual([
    "Pulling fs layer",
    "Downloading",
    "Verifying Checksum",
    "Download complete",
    "Extracting",
    "Pull complete",
  ]);
  const done = { current: layer.length, total: layer.length };
  for (const status of ["Downloading", "Extracting"]) {
    expect(own.findLast((message) => message.status === status)?.progressDetail).toEqual(done);
  }
});

test("what was unpacked from bytes that turn out wrong is gone", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const first = { name: "first", content: megabytes(3) };
  const layer = layerOf(first, { name: "second", content: "expected" });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  registry.addImage("v1", { layers: [layer] });
  registry.handlers.set(digestOf(layer), gated(layer, 0.9, gate, Buffer.alloc(layer.length, 7)));
  const failure = collect(await f.service.pull(options(`${registry.host}/x:v1`))).catch((error) => error);
  await until(() => unpacked(f, "first").length > 0);
  open();
  expect((await failure).message).toContain(digestOf(layer));
  expect(await leftovers(f)).toEqual([]);
});

test("an upper layer may be there before the lower one, and fits on it", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const lower = layerOf(
    { name: "shared/", type: "directory", mode: 0o1777, uid: 12 },
    { name: "shared/old", content: megabytes(2) },
  );
  const upper = layerOf({ name: "shared/new", content: "upper" });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  registry.addImage("v1", { layers: [lower, upper] });
  registry.handlers.set(digestOf(lower), gated(lower, 0.5, gate));
  const pulled = collect(await f.service.pull(options(`${registry.host}/x:v1`)));
  await until(() => unpacked(f, "shared/new").length > 0);
  expect(f.images.list()).toEqual([]);
  open();
  const complete = (await pulled).filter(({ status }) => status === "Pull complete").map(({ id }) => id);
  expect(complete).toEqual([lower, upper].map((layer) => shortId(digestOf(layer))));
  for (const path of unpacked(f, "shared")) {
    expect(statSync(path)).toMatchObject({ uid: 12, mode: 0o41777 });
  }
});

test("bytes of an earlier try are not fetched again, and none that were spoilt are used", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const layer = layerOf({ name: "file", content: megabytes(4) });
  const reference = `${registry.host}/x:v1`;
  registry.addImage("v1", { layers: [layer] });
  const half = Math.floor(layer.length / 2);
  const ranges: Array<string | undefined> = [];
  const serve: BlobHandler = (request, response) => {
    ranges.push(request.headers.range);
    const start = startOf(request);
    sendHead(response, layer, start);
    response.end(layer.subarray(start));
  };
  for (const earlier of [layer.subarray(0, half), Buffer.alloc(half, 1)]) {
    const ref = `blob-${createHash("sha256").update(layer).digest("hex")}`;
    {
      await using writer = await f.content.openIngest(ref, { totalBytes: layer.length });
      await writer.write(earlier);
    }
    registry.handlers.set(digestOf(layer), serve);
    await collect(await f.service.pull(options(reference)));
    expect(unpacked(f, "file").map((path) => statSync(path).size)).toEqual([4 * 1024 * 1024]);
    await f.service.remove(reference, { force: false, pruneParents: true, platforms: [] });
    expect(await leftovers(f)).toEqual([]);
  }
  // The first time the rest; the second time the rest, found wrong, and then all of it.
  expect(ranges).toEqual([`bytes=${half}-`, `bytes=${half}-`, undefined]);
});

test("two pulls at once fetch each byte once, also where the first to come goes away", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const layer = layerOf({ name: "file", content: megabytes(3) });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const starts: number[] = [];
  registry.addImage("a", { layers: [layer] });
  registry.addImage("b", { layers: [layer], manifest: { annotations: { not: "the same" } } });
  const share = Math.floor(layer.length * 0.75);
  registry.handlers.set(digestOf(layer), async (request, response) => {
    const start = startOf(request);
    starts.push(start);
    sendHead(response, layer, start);
    response.write(layer.subarray(start, share));
    await gate;
    response.end(layer.subarray(Math.max(start, share)));
  });
  const controller = new AbortController();
  const first = collect(
    await f.service.pull({ ...options(`${registry.host}/x:a`), signal: controller.signal }),
  ).catch((error) => error.kind);
  await until(() => unpacked(f, "file").length > 0);
  let joined = false;
  const second = (async () => {
    for await (const { status } of await f.service.pull(options(`${registry.host}/x:b`))) {
      joined ||= status === "Downloading";
    }
  })();
  await until(() => joined);
  controller.abort();
  expect(await first).toBe("canceled");
  open();
  await second;
  expect(starts).toEqual([0, share]);
  expect(f.images.list()).toHaveLength(1);
  expect(f.leases.resources()).toEqual([]);
});

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { type Digest, digestOf } from "../../base/digest.ts";
import { kindOf } from "../../base/errors.ts";
import type { ContentStore, ContentWriter } from "./content-store.ts";

/** A store to be tested; `reopen` answers a store over the same bytes, as after the end of the process. */
export interface ContentStoreFixture extends AsyncDisposable {
  readonly store: ContentStore;
  reopen(): Promise<ContentStore>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function failureOf(task: Promise<unknown>): Promise<string> {
  return await task.then(() => "none", kindOf);
}

async function put(store: ContentStore, text: string): Promise<Digest> {
  const digest = digestOf(text);
  await using writer = await store.openIngest(`put-${digest}`);
  await writer.write(bytes(text));
  await writer.commit({ digest, sizeBytes: bytes(text).byteLength });
  return digest;
}

/** What every content store does. */
export function testContentStore(open: () => Promise<ContentStoreFixture>): void {
  test("a committed blob is read whole, from an offset and after a restart", async () => {
    await using fixture = await open();
    const text = "0123456789".repeat(300_000);
    const digest = await put(fixture.store, text);
    for (const store of [fixture.store, await fixture.reopen()]) {
      expect(await store.info(digest)).toMatchObject({ digest, sizeBytes: text.length });
      expect(Math.abs((await store.info(digest)).createdAtMs - Date.now())).toBeLessThan(60_000);
      expect(await textOf(store.read(digest))).toBe(text);
      expect(await textOf(store.read(digest, { offsetBytes: text.length - 3 }))).toBe("789");
      expect(await textOf(store.read(digest, { offsetBytes: text.length }))).toBe("");
    }
  });

  test("an empty blob is a blob", async () => {
    await using fixture = await open();
    const digest = await put(fixture.store, "");
    expect(await fixture.store.has(digest)).toBe(true);
    expect(await textOf(fixture.store.read(digest))).toBe("");
  });

  test("what is not there is not found", async () => {
    await using fixture = await open();
    const missing = digestOf("missing");
    expect(await fixture.store.has(missing)).toBe(false);
    expect(await failureOf(fixture.store.info(missing))).toBe("notFound");
    expect(await failureOf(textOf(fixture.store.read(missing)))).toBe("notFound");
    expect(await failureOf(fixture.store.readAll(missing))).toBe("notFound");
    await fixture.store.delete(missing);
    await fixture.store.abortIngest("missing");
  });

  test("a name that is no digest never becomes a path", async () => {
    await using fixture = await open();
    const hostile = "sha256:../../../../etc/passwd" as Digest;
    expect(await failureOf((async () => fixture.store.pathOf(hostile))())).toBe("invalidArgument");
    expect(await failureOf(fixture.store.readAll(hostile))).toBe("invalidArgument");
  });

  test("bytes with another digest or size never become a blob, and the ingest is dropped", async () => {
    await using fixture = await open();
    const { store } = fixture;
    const promised = digestOf("promised");
    const wrong = await store.openIngest("a");
    await wrong.write(bytes("something else"));
    expect(await failureOf(wrong.commit({ digest: promised }))).toBe("invalidArgument");
    const short = await store.openIngest("a");
    expect(short.offsetBytes).toBe(0);
    await short.write(bytes("promised"));
    expect(await failureOf(short.commit({ digest: promised, sizeBytes: 9 }))).toBe("invalidArgument");
    expect(await store.has(promised)).toBe(false);
    expect(await store.listIngests()).toEqual([]);
  });

  test("an ingest goes on where its last writer stopped, also after a restart", async () => {
    await using fixture = await open();
    const first = await fixture.store.openIngest("layer", { totalBytes: 10 });
    await first.write(bytes("01234"));
    await first.close();
    await first.close();
    const store = await fixture.reopen();
    expect(await store.listIngests()).toMatchObject([{ ref: "layer", offsetBytes: 5, totalBytes: 10 }]);
    await using second = await store.openIngest("layer");
    expect(second.offsetBytes).toBe(5);
    await second.write(bytes("56789"));
    const info = await second.commit({ digest: digestOf("0123456789"), sizeBytes: 10 });
    expect(info.sizeBytes).toBe(10);
    expect(await store.listIngests()).toEqual([]);
    expect(await textOf(store.read(info.digest))).toBe("0123456789");
  });

  test("truncate starts over", async () => {
    await using fixture = await open();
    await using writer = await fixture.store.openIngest("layer");
    await writer.write(bytes("a longer beginning"));
    await writer.truncate();
    expect(writer.offsetBytes).toBe(0);
    await writer.write(bytes("short"));
    expect((await writer.commit({ digest: digestOf("short") })).sizeBytes).toBe(5);
  });

  test("one writer holds a ref at a time", async () => {
    await using fixture = await open();
    const { store } = fixture;
    const writer = await store.openIngest("layer");
    expect(await failureOf(store.openIngest("layer"))).toBe("unavailable");
    expect(await failureOf(store.abortIngest("layer"))).toBe("unavailable");
    await (await store.openIngest("other")).close();
    await writer.write(bytes("x"));
    await writer.close();
    await store.abortIngest("layer");
    const again = await store.openIngest("layer");
    expect(again.offsetBytes).toBe(0);
    await again.close();
  });

  test("committing what is there already succeeds", async () => {
    await using fixture = await open();
    const digest = await put(fixture.store, "twice");
    expect(await put(fixture.store, "twice")).toBe(digest);
    const [left, right] = [await fixture.store.openIngest("l"), await fixture.store.openIngest("r")];
    for (const writer of [left, right]) await writer.write(bytes("race"));
    await Promise.all([left, right].map((writer) => writer.commit({ digest: digestOf("race") })));
    expect(await textOf(fixture.store.read(digestOf("race")))).toBe("race");
  });

  test("other digest algorithms are verified as well", async () => {
    await using fixture = await open();
    const digest = `sha512:${createHash("sha512").update("strong").digest("hex")}` as Digest;
    await using writer = await fixture.store.openIngest("strong");
    await writer.write(bytes("strong"));
    await writer.commit({ digest });
    expect(await textOf(fixture.store.read(digest))).toBe("strong");
    const bad = await fixture.store.openIngest("weak");
    await bad.write(bytes("weak"));
    expect(await failureOf(bad.commit({ digest }))).toBe("invalidArgument");
  });

  test("documents are limited in size", async () => {
    await using fixture = await open();
    const digest = await put(fixture.store, "12345");
    expect(await failureOf(fixture.store.readAll(digest, 4))).toBe("invalidArgument");
    expect(Buffer.from(await fixture.store.readAll(digest, 5)).toString()).toBe("12345");
  });

  test("walk shows all blobs, delete removes one", async () => {
    await using fixture = await open();
    const { store } = fixture;
    const digests = [await put(store, "one"), await put(store, "two")];
    const walked: string[] = [];
    for await (const info of store.walk()) walked.push(info.digest);
    expect(walked.sort()).toEqual(digests.sort());
    await store.delete(digests[0]!);
    await store.delete(digests[0]!);
    expect(await store.has(digests[0]!)).toBe(false);
    expect(await store.has(digests[1]!)).toBe(true);
  });

  test("a write is followed while it grows, until its bytes were found right", async () => {
    await using fixture = await open();
    const { store } = fixture;
    using follower = store.follow("followed");
    const seen: number[] = [];
    await using writer = await store.openIngest("followed");
    await writer.write(bytes("hello "));
    const fd = await follower.opened;
    const told = (async () => {
      for await (const sizeBytes of follower.growth) seen.push(sizeBytes);
    })();
    await writer.write(bytes("world"));
    await writer.commit({ digest: digestOf("hello world") });
    await told;
    expect(seen.at(-1)).toBe(11);
    expect(follower.misled).toBe(false);
    const read = Buffer.alloc(20);
    expect(readSync(fd, read, 0, 20, 0)).toBe(11);
    expect(read.subarray(0, 11).toString()).toBe("hello world");
  });

  test("who follows bytes that turn out wrong, or whose writer starts over or gives up, is told so", async () => {
    await using fixture = await open();
    const { store } = fixture;
    const endings: Array<(writer: ContentWriter) => Promise<unknown>> = [
      (writer) => writer.commit({ digest: digestOf("other") }).catch(() => undefined),
      (writer) => writer.truncate(),
      (writer) => writer.close(),
    ];
    for (const [index, end] of endings.entries()) {
      using follower = store.follow(`ref-${index}`);
      await using writer = await store.openIngest(`ref-${index}`);
      await writer.write(bytes("hello"));
      await follower.opened;
      await end(writer);
      expect(await failureOf(Array.fromAsync(follower.growth))).toBe("unavailable");
      expect(follower.misled).toBe(true);
    }
  });
}

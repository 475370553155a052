import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { digestOf } from "../base/digest.ts";
import { kindOf } from "../base/errors.ts";
import type { ImageRecord } from "../core/images/image-store.ts";
import { StateDatabase } from "./database.ts";
import { SqliteImageStore } from "./image-store.ts";
import { MIGRATIONS } from "./schema.ts";
import { TemporaryState } from "./state.fixture.ts";

const INDEX = digestOf("index");

function image(seed: string, parent?: ImageRecord): ImageRecord {
  return {
    id: digestOf(seed),
    manifest: digestOf(`manifest of ${seed}`),
    manifestMediaType: "application/vnd.oci.image.manifest.v1+json",
    topLayer: digestOf(`layer of ${seed}`),
    sizeBytes: 5_000_000_000,
    contentBytes: 2_000_000_000,
    platform: "linux/amd64",
    created: "2026-01-01T00:00:00Z",
    lastTaggedAtMs: 0,
    origin: "pull",
    parent: parent?.id,
    labels: { maintainer: "nobody" },
  };
}

test("records come back after the database was opened again; replacing one keeps its names", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const one = image("one");
  store.put(one);
  expect(store.get(one.id)).toEqual(one);
  store.setName("docker.io/library/one:latest", one.id, INDEX);
  store.addRepoDigest(one.id, { repository: "docker.io/library/one", digest: INDEX });
  store.put({ ...one, sizeBytes: 7 });
  const reopened = new SqliteImageStore(state.reopen());
  expect(reopened.list()).toEqual([{ ...one, sizeBytes: 7 }]);
  expect(reopened.resolveName("docker.io/library/one:latest")).toEqual({ id: one.id, target: INDEX });
  expect(reopened.repoDigestsOf(one.id)).toEqual([{ repository: "docker.io/library/one", digest: INDEX }]);
});

test("a name moves to another image and tells whom it left", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const [one, two] = [image("one"), image("two")];
  store.put(one);
  store.put(two);
  const before = Date.now();
  expect(store.setName("a:1", one.id, one.manifest)).toBeUndefined();
  expect(store.setName("a:1", two.id, INDEX)).toBe(one.id);
  expect(store.namesOf(one.id)).toEqual([]);
  expect(store.namesOf(two.id)).toMatchObject([{ name: "a:1", target: INDEX }]);
  expect(store.get(two.id)!.lastTaggedAtMs).toBeGreaterThanOrEqual(before);
  expect(store.listNames()).toMatchObject([{ name: "a:1", id: two.id }]);
  expect(store.removeName("a:1")).toBe(true);
  expect(store.removeName("a:1")).toBe(false);
});

test("names and digests go with their image and cannot be given to one that is not there", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const one = image("one");
  store.put(one);
  store.setName("a:1", one.id, INDEX);
  store.addRepoDigest(one.id, { repository: "a", digest: INDEX });
  store.remove(one.id);
  store.remove(one.id);
  expect(store.resolveName("a:1")).toBeUndefined();
  expect(store.resolveRepoDigest("a", INDEX)).toBeUndefined();
  for (const give of [
    () => store.setName("a:1", one.id, INDEX),
    () => store.addRepoDigest(one.id, { repository: "a", digest: INDEX }),
  ]) {
    let failure: unknown;
    try {
      give();
    } catch (error) {
      failure = error;
    }
    expect(kindOf(failure)).toBe("notFound");
  }
  expect(store.resolveName("a:1")).toBeUndefined();
});

test("the digest of an index means the image that was pulled last", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const [amd64, arm64] = [image("amd64"), image("arm64")];
  for (const each of [arm64, amd64]) {
    store.put(each);
    store.addRepoDigest(each.id, { repository: "a", digest: INDEX });
    store.addRepoDigest(each.id, { repository: "a", digest: INDEX });
  }
  expect(store.resolveRepoDigest("a", INDEX)).toBe(amd64.id);
  store.removeRepoDigest(amd64.id, { repository: "a", digest: INDEX });
  expect(store.resolveRepoDigest("a", INDEX)).toBe(arm64.id);
});

test("finds children and ids by prefix", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const one = image("one");
  const two = image("two", one);
  store.put(one);
  store.put(two);
  expect(store.children(one.id)).toEqual([two]);
  expect(store.children(two.id)).toEqual([]);
  expect(store.findByIdPrefix(one.id.slice(7, 27))).toEqual([one]);
  expect(store.findByIdPrefix("")).toHaveLength(2);
  expect(store.findByIdPrefix("z")).toEqual([]);
});

test("what a target holds, and who belongs to it", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const [amd64, arm64] = [image("amd64"), image("arm64")];
  for (const each of [amd64, arm64]) {
    store.put(each);
    store.addVariant(INDEX, { imageId: each.id, manifest: each.manifest });
    store.addVariant(each.manifest, { imageId: each.id, manifest: each.manifest });
  }
  store.setName("a:1", amd64.id, INDEX);
  store.addRepoDigest(amd64.id, { repository: "a", digest: INDEX });
  expect(store.variantsOf(INDEX)).toEqual([
    { imageId: amd64.id, manifest: amd64.manifest },
    { imageId: arm64.id, manifest: arm64.manifest },
  ]);
  expect(store.targetsOf(arm64.id)).toEqual([INDEX, arm64.manifest]);
  expect(store.sharedTargets()).toEqual([INDEX]);
  expect(store.findTargetsByPrefix(INDEX.slice(7, 30))).toEqual([INDEX]);
  expect([store.isNamed(INDEX), store.isNamed(arm64.manifest)]).toEqual([true, false]);
  store.moveTarget(INDEX, arm64.id);
  expect(store.resolveName("a:1")).toEqual({ id: arm64.id, target: INDEX });
  expect(store.resolveRepoDigest("a", INDEX)).toBe(arm64.id);
  store.removeVariant(INDEX, amd64.id);
  store.remove(arm64.id);
  expect(store.variantsOf(INDEX)).toEqual([]);
  expect(store.isNamed(INDEX)).toBe(false);
  expect(() => store.addVariant(INDEX, { imageId: arm64.id, manifest: INDEX })).toThrow("No such image");
});

test("referrers go once nothing keeps their subject; when an image was used is kept", () => {
  using state = new TemporaryState();
  const store = new SqliteImageStore(state.database);
  const one = image("one");
  store.put(one);
  expect(store.lastUsedAtMs(one.id)).toBe(0);
  store.markUsed(one.id, 5);
  store.put({ ...one, sizeBytes: 1 });
  expect(store.lastUsedAtMs(one.id)).toBe(5);
  const signature = digestOf("signature");
  for (const subject of [one.manifest, INDEX]) {
    store.addReferrer(subject, signature);
    store.addReferrer(subject, signature);
  }
  store.dropReferrers((subject) => subject === INDEX);
  expect([store.referrersOf(one.manifest), store.referrersOf(INDEX)]).toEqual([[], [signature]]);
});

test("a database of the first schema opens: names and digests become what their targets hold", () => {
  using state = new TemporaryState();
  state.database.close();
  rmSync(state.path);
  const { contentBytes: _later, ...one } = image("one");
  const raw = new DatabaseSync(state.path);
  raw.exec(MIGRATIONS[0]!);
  raw.prepare("INSERT INTO images VALUES (?, NULL, ?)").run(one.id, JSON.stringify(one));
  raw.prepare("INSERT INTO image_names VALUES ('a:1', ?, ?, 0)").run(one.id, INDEX);
  raw.prepare("INSERT INTO repo_digests VALUES ('a', ?, ?)").run(INDEX, one.id);
  raw.exec("PRAGMA user_version = 1");
  raw.close();
  state.database = new StateDatabase(state.path);
  const store = new SqliteImageStore(state.database);
  expect(store.get(one.id)).toEqual({ ...one, contentBytes: 0 });
  expect(store.targetsOf(one.id).sort()).toEqual([INDEX, one.manifest].sort());
  expect(store.variantsOf(INDEX)).toEqual([{ imageId: one.id, manifest: one.manifest }]);
  expect(store.lastUsedAtMs(one.id)).toBe(0);
});

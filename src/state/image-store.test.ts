import { expect, test } from "bun:test";
import { digestOf } from "../base/digest.ts";
import { kindOf } from "../base/errors.ts";
import type { ImageRecord } from "../core/images/image-store.ts";
import { SqliteImageStore } from "./image-store.ts";
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

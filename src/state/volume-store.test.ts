import { expect, test } from "bun:test";
import type { VolumeRecord } from "../core/volumes/volume.ts";
import { TemporaryState } from "./state.fixture.ts";
import { SqliteVolumeStore } from "./volume-store.ts";

function volume(name: string): VolumeRecord {
  return {
    name,
    driver: "local",
    createdAt: "2026-01-01T00:00:00Z",
    labels: { a: "b" },
    options: { type: "tmpfs" },
    anonymous: false,
  };
}

test("volumes come back by name after the database was opened again", () => {
  using state = new TemporaryState();
  const store = new SqliteVolumeStore(state.database);
  store.add(volume("two"));
  store.add(volume("one"));
  expect(() => store.add(volume("one"))).toThrow("already exists");
  const reopened = new SqliteVolumeStore(state.reopen());
  expect(reopened.list()).toEqual([volume("one"), volume("two")]);
  expect(reopened.get("two")).toEqual(volume("two"));
  reopened.remove("two");
  reopened.remove("two");
  expect(reopened.get("two")).toBeUndefined();
});

test("a volume is stored under another name, and never over another volume", () => {
  using state = new TemporaryState();
  const store = new SqliteVolumeStore(state.database);
  store.add(volume("one"));
  store.add(volume("two"));
  expect(() => store.replace("one", volume("two"))).toThrow("already exists");
  expect(store.list()).toEqual([volume("one"), volume("two")]);
  store.replace("one", { ...volume("three"), renamedFrom: "one" });
  store.replace("two", { ...volume("two"), labels: {} });
  const expected = [
    { ...volume("three"), renamedFrom: "one" },
    { ...volume("two"), labels: {} },
  ];
  expect(store.list()).toEqual(expected);
  expect(new SqliteVolumeStore(state.reopen()).list()).toEqual(expected);
});

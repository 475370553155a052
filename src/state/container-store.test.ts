import { expect, test } from "bun:test";
import { kindOf } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { sampleContainer } from "../core/containers/container-record.fixture.ts";
import type { ContainerRecord } from "../core/containers/container-record.ts";
import { SqliteContainerStore } from "./container-store.ts";
import { TemporaryState } from "./state.fixture.ts";

function record(name: string, createdAt: string, id = newId()): ContainerRecord {
  return sampleContainer({ id, name, createdAt, config: { Image: "busybox", Labels: { a: "b" } } });
}

function failureOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    return kindOf(error);
  }
  return "none";
}

test("what was stored comes back equal, frozen and without a copy, also after the database was opened again", () => {
  using state = new TemporaryState();
  const store = new SqliteContainerStore(state.database);
  const one = record("one", "2026-01-01T00:00:00.5Z");
  store.add(one);
  expect(store.get(one.id)).toEqual(one);
  expect(store.get(one.id)).toBe(store.getByName("one")!);
  expect(Object.isFrozen(store.get(one.id)?.config.Labels)).toBe(true);
  expect(Object.isFrozen(one)).toBe(false);
  const reopened = new SqliteContainerStore(state.reopen());
  expect(reopened.list()).toEqual([one]);
});

test("lists newest first by time, not by text", () => {
  using state = new TemporaryState();
  const store = new SqliteContainerStore(state.database);
  // As text "00Z" would come after "00.5Z".
  const whole = record("whole", "2026-01-01T00:00:00Z");
  const half = record("half", "2026-01-01T00:00:00.5Z");
  const zoned = record("zoned", "2026-01-01T01:00:00.25+01:00");
  for (const each of [half, whole, zoned]) store.add(each);
  const names = ["half", "zoned", "whole"];
  expect(store.list().map((each) => each.name)).toEqual(names);
  store.update({ ...zoned, state: { ...zoned.state, status: "running" } });
  expect(store.list().map((each) => each.name)).toEqual(names);
  expect(new SqliteContainerStore(state.reopen()).list().map((each) => each.name)).toEqual(names);
});

test("ids and names are unique, a rename frees the old name", () => {
  using state = new TemporaryState();
  const store = new SqliteContainerStore(state.database);
  const one = record("one", "2026-01-01T00:00:00Z");
  const two = record("two", "2026-01-02T00:00:00Z");
  store.add(one);
  store.add(two);
  expect(failureOf(() => store.add(record("one", two.createdAt)))).toBe("alreadyExists");
  expect(failureOf(() => store.add({ ...one, name: "three" }))).toBe("alreadyExists");
  expect(failureOf(() => store.update({ ...two, name: "one" }))).toBe("alreadyExists");
  expect(failureOf(() => store.update(record("four", two.createdAt)))).toBe("notFound");
  store.update({ ...one, name: "uno" });
  store.update({ ...two, name: "one" });
  expect(store.getByName("one")?.id).toBe(two.id);
  expect(store.getByName("two")).toBeUndefined();
  const reopened = new SqliteContainerStore(state.reopen());
  expect(reopened.list().map((each) => each.name)).toEqual(["one", "uno"]);
  reopened.remove(two.id);
  reopened.remove(two.id);
  expect(reopened.getByName("one")).toBeUndefined();
  reopened.add(record("one", two.createdAt));
});

test("prefixes find at most two", () => {
  using state = new TemporaryState();
  const store = new SqliteContainerStore(state.database);
  for (const [index, start] of ["aa1", "aa2", "aa3", "b"].entries()) {
    store.add(record(`c${index}`, "2026-01-01T00:00:00Z", start.padEnd(64, "0")));
  }
  expect(store.findByIdPrefix("aa")).toHaveLength(2);
  expect(store.findByIdPrefix("b").map((each) => each.name)).toEqual(["c3"]);
  expect(store.findByIdPrefix("c")).toEqual([]);
});

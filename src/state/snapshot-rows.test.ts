import { expect, test } from "bun:test";
import { kindOf } from "../base/errors.ts";
import { SqliteSnapshotRows } from "./snapshot-rows.ts";
import { TemporaryState } from "./state.fixture.ts";

function failureOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    return kindOf(error);
  }
  return "none";
}

test("rows go from making to ready to committed and become parents", () => {
  using state = new TemporaryState();
  const rows = new SqliteSnapshotRows(state.database, "overlay2");
  const { directory } = rows.add({ key: "extract", kind: "active" });
  expect(rows.get("extract")).toMatchObject({ phase: "making", parent: undefined, usage: undefined });
  expect(failureOf(() => rows.commit("layer1", "extract"))).toBe("invalidArgument");
  rows.setReady("extract");
  expect(failureOf(() => rows.add({ key: "c1", kind: "active", parent: "extract" }))).toBe("invalidArgument");
  rows.commit("layer1", "extract");
  rows.setUsage("layer1", { sizeBytes: 2 ** 40, inodes: 3 });
  rows.add({ key: "c1", kind: "active", parent: "layer1" });
  const reopened = new SqliteSnapshotRows(state.reopen(), "overlay2");
  expect(reopened.chain("c1").map((row) => row.key)).toEqual(["c1", "layer1"]);
  expect(reopened.get("layer1")).toMatchObject({
    directory,
    kind: "committed",
    phase: "ready",
    usage: { sizeBytes: 2 ** 40, inodes: 3 },
  });
  expect(reopened.get("c1")!.parent).toBe("layer1");
  expect(new SqliteSnapshotRows(state.database, "vfs").list()).toEqual([]);
});

test("keys are unique in a driver, directories are never given out twice", () => {
  using state = new TemporaryState();
  const rows = new SqliteSnapshotRows(state.database, "overlay2");
  const first = rows.add({ key: "a", kind: "active" });
  expect(failureOf(() => rows.add({ key: "a", kind: "active" }))).toBe("alreadyExists");
  rows.remove("a");
  rows.remove("a");
  const reopened = new SqliteSnapshotRows(state.reopen(), "overlay2");
  expect(reopened.add({ key: "a", kind: "active" }).directory).toBeGreaterThan(first.directory);
  expect(new SqliteSnapshotRows(state.database, "vfs").add({ key: "a", kind: "active" }).key).toBe("a");
  reopened.setReady("a");
  reopened.commit("b", "a");
  reopened.add({ key: "c", kind: "active" });
  reopened.setReady("c");
  expect(failureOf(() => reopened.commit("b", "c"))).toBe("alreadyExists");
  expect(reopened.get("c")?.kind).toBe("active");
});

test("a parent stays until its children are gone and takes no new ones while it goes", () => {
  using state = new TemporaryState();
  const rows = new SqliteSnapshotRows(state.database, "overlay2");
  rows.add({ key: "base", kind: "active" });
  rows.setReady("base");
  rows.commit("layer", "base");
  rows.add({ key: "child", kind: "view", parent: "layer" });
  expect(failureOf(() => rows.setRemoving("layer"))).toBe("conflict");
  rows.setRemoving("child");
  rows.remove("child");
  rows.setRemoving("layer");
  expect(failureOf(() => rows.add({ key: "late", kind: "active", parent: "layer" }))).toBe("notFound");
  expect(failureOf(() => rows.setRemoving("nothing"))).toBe("notFound");
});

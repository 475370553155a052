import { expect, test } from "bun:test";
import { SqliteLeaseStore } from "./lease-store.ts";
import { TemporaryState } from "./state.fixture.ts";

test("a resource is protected while any lease has it", async () => {
  using state = new TemporaryState();
  const store = new SqliteLeaseStore(state.database);
  const blob = { kind: "content", key: "sha256:a" } as const;
  const snapshot = { kind: "snapshot", key: "c1" } as const;
  const kept = store.create("load");
  {
    await using pull = store.create("pull");
    pull.add(blob);
    pull.add(blob);
    pull.add(snapshot);
    kept.add(blob);
    expect(store.resources()).toEqual([blob, snapshot]);
  }
  expect(store.resources()).toEqual([blob]);
  const reopened = new SqliteLeaseStore(state.reopen());
  expect(reopened.resources()).toEqual([blob]);
  reopened.clear();
  expect(reopened.resources()).toEqual([]);
});

test("a lease that was given back protects nothing any more", async () => {
  using state = new TemporaryState();
  const lease = new SqliteLeaseStore(state.database).create("pull");
  await lease.release();
  await lease.release();
  expect(() => lease.add({ kind: "ingest", key: "a" })).toThrow("given back");
});

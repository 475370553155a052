import { expect, test } from "bun:test";
import { digestOf } from "../base/digest.ts";
import type { ManagedPluginRecord } from "../core/plugins/managed-plugin.ts";
import { parsePluginConfig } from "../spec/plugin-config/mod.ts";
import { SqliteManagedPluginStore } from "./managed-plugin-store.ts";
import { TemporaryState } from "./state.fixture.ts";

function plugin(id: string, name: string): ManagedPluginRecord {
  return {
    id,
    name,
    reference: "",
    config: parsePluginConfig('{"interface":{"socket":"p.sock"}}'),
    settings: { Args: [], Devices: [], Env: [], Mounts: [] },
    enabled: false,
    timeoutSeconds: 0,
    tree: "rootfs-1",
    manifest: digestOf("manifest"),
    blobs: [],
    task: undefined,
  };
}

test("plug-ins come back by name after the database was opened again, one of each name", () => {
  using state = new TemporaryState();
  const store = new SqliteManagedPluginStore(state.database);
  store.put(plugin("1", "two:latest"));
  store.put(plugin("2", "one:latest"));
  store.put({ ...plugin("1", "two:latest"), enabled: true });
  expect(() => store.put(plugin("3", "one:latest"))).toThrow("plugin one:latest already exists");
  const reopened = new SqliteManagedPluginStore(state.reopen());
  expect(reopened.list().map(({ id, enabled }) => [id, enabled])).toEqual([
    ["2", false],
    ["1", true],
  ]);
  expect(reopened.get("2")).toMatchObject({ name: "one:latest", tree: "rootfs-1" });
  reopened.remove("2");
  reopened.remove("2");
  expect(reopened.get("2")).toBeUndefined();
});

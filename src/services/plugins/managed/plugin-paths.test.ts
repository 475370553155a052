import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePluginConfig } from "../../../spec/plugin-config/mod.ts";
import { PluginPaths } from "./plugin-paths.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gantry-plugin-paths-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const config = parsePluginConfig('{"Interface":{"Socket":"p.sock"},"PropagatedMount":"/data"}');

test("what a plug-in names is its own, whatever links it made", () => {
  const paths = new PluginPaths(root, root);
  const plugin = { id: "i", tree: "rootfs-1", config };
  const [own, data] = [paths.rootfs(plugin), paths.propagatedMount("i")];
  mkdirSync(join(own, "volumes/one"), { recursive: true });
  mkdirSync(join(own, "etc"));
  mkdirSync(join(data, "two"), { recursive: true });
  symlinkSync("/etc", join(own, "volumes/absolute"));
  symlinkSync("../../../../../../etc", join(data, "climbing"));
  symlinkSync("/volumes/one", join(own, "alias"));
  expect(paths.hostPath(plugin, "/volumes/one")).toBe(join(own, "volumes/one"));
  expect(paths.hostPath(plugin, "/alias")).toBe(join(own, "volumes/one"));
  expect(paths.hostPath(plugin, "/volumes/absolute")).toBe(join(own, "etc"));
  expect(paths.hostPath(plugin, "/data/two")).toBe(join(data, "two"));
  expect(paths.hostPath(plugin, "/data")).toBe(data);
  expect(paths.hostPath(plugin, "/database")).toBeUndefined();
  expect(paths.hostPath(plugin, "/data/climbing")).toBeUndefined();
  expect(paths.hostPath(plugin, "/data/../../../etc")).toBe(join(own, "etc"));
  expect(paths.hostPath(plugin, "/none/../../x")).toBeUndefined();
});

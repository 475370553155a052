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

test("what a plug-in names is its own, whatever links it made", async () => {
  const paths = new PluginPaths(root, root);
  const plugin = { id: "i", tree: "rootfs-1", config };
  const [own, data] = [paths.rootfs(plugin), paths.propagatedMount("i")];
  mkdirSync(join(own, "volumes/one"), { recursive: true });
  mkdirSync(join(own, "etc"));
  mkdirSync(join(data, "two"), { recursive: true });
  symlinkSync("/etc", join(own, "volumes/absolute"));
  symlinkSync("../../../../../../etc", join(data, "climbing"));
  symlinkSync("volumes/one", join(own, "alias"));
  const places: Record<string, string | undefined> = {
    "/volumes/one": join(own, "volumes/one"),
    "/alias": join(own, "volumes/one"),
    "/volumes/absolute": undefined,
    "/data/two": join(data, "two"),
    "/data": data,
    "/database": undefined,
    "/data/climbing": undefined,
    "/data/../../../etc": join(own, "etc"),
    "/none/../../x": undefined,
  };
  for (const [path, place] of Object.entries(places)) expect(await paths.hostPath(plugin, path)).toBe(place);
});

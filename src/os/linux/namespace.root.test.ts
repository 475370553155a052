import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMountPoint } from "./mount.ts";
import { createNetworkNamespace, deleteNetworkNamespace, withNetworkNamespace } from "./namespace.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gantry-ns-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const own = () => readlinkSync("/proc/thread-self/ns/net");

test("a namespace lives at its path until it is deleted", () => {
  const path = join(directory, "deep", "ns");
  const home = own();
  createNetworkNamespace(path);
  expect(isMountPoint(path)).toBe(true);
  expect(own()).toBe(home);

  const inside = withNetworkNamespace(path, () => ({
    namespace: own(),
    devices: readFileSync("/proc/thread-self/net/dev", "utf8").trim().split("\n").slice(2),
  }));
  expect(inside.namespace).not.toBe(home);
  expect(inside.devices).toHaveLength(1);
  expect(own()).toBe(home);

  deleteNetworkNamespace(path);
  deleteNetworkNamespace(path);
  expect(existsSync(path)).toBe(false);
});

test("an error inside brings the thread home", () => {
  const path = join(directory, "ns");
  const home = own();
  createNetworkNamespace(path);
  expect(() =>
    withNetworkNamespace(path, () => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(() => withNetworkNamespace(path, async () => 1)).toThrow("synchronous");
  expect(own()).toBe(home);
  deleteNetworkNamespace(path);
});

test("a file that is no namespace is refused and a leftover file is deleted", () => {
  const path = join(directory, "ns");
  writeFileSync(path, "");
  expect(() => createNetworkNamespace(path)).toThrow("EEXIST");
  const home = own();
  expect(() => withNetworkNamespace(path, () => 1)).toThrow("setns");
  expect(own()).toBe(home);
  deleteNetworkNamespace(path);
  expect(existsSync(path)).toBe(false);
});

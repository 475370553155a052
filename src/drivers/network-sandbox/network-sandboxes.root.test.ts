import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import { listLinks, withNetlink } from "../../os/linux/netlink/mod.ts";
import { NetworkSandboxes } from "./mod.ts";

let runRoot: string;
let sandboxes: NetworkSandboxes;

beforeEach(() => {
  runRoot = mkdtempSync(join(tmpdir(), "gantry-sandboxes-"));
  sandboxes = new NetworkSandboxes({ runRoot });
});

afterEach(async () => {
  await sandboxes.removeOrphans(new Set());
  rmSync(runRoot, { recursive: true });
});

const namespaceOf = (path: string) =>
  withNetworkNamespace(path, () => readlinkSync("/proc/thread-self/ns/net"));

test("a sandbox is a namespace with loopback up, the same one when asked again", async () => {
  const id = newId();
  const sandbox = await sandboxes.create(id);
  expect(sandbox).toEqual({ containerId: id, path: join(runRoot, "netns", id) });
  expect(withNetlink(sandbox.path, listLinks).map(({ name, up }) => ({ name, up }))).toEqual([
    { name: "lo", up: true },
  ]);
  const namespace = namespaceOf(sandbox.path);
  expect(namespaceOf((await sandboxes.create(id)).path)).toBe(namespace);
  // Another process finds it by its path.
  expect(new NetworkSandboxes({ runRoot }).get(id)).toEqual(sandbox);
  await sandboxes.remove(id);
  await sandboxes.remove(id);
  expect(sandboxes.get(id)).toBeUndefined();
});

test("a file that a crash left without a namespace becomes a sandbox", async () => {
  const id = newId();
  mkdirSync(join(runRoot, "netns"));
  writeFileSync(join(runRoot, "netns", id), "");
  const { path } = await sandboxes.create(id);
  expect(withNetlink(path, listLinks)).toHaveLength(1);
});

test("only sandboxes of known containers stay", async () => {
  await sandboxes.removeOrphans(new Set());
  const [kept, lost] = [newId(), newId()];
  await sandboxes.create(kept);
  await sandboxes.create(lost);
  await sandboxes.removeOrphans(new Set([kept]));
  expect(readdirSync(join(runRoot, "netns"))).toEqual([kept]);
});

test("an id that is a path is refused", () => {
  expect(sandboxes.create("../escape")).rejects.toThrow("invalid container id");
});

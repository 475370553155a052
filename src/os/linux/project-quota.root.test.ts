import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasTreeQuotas, limitTree, readTreeQuota, releaseTree } from "./project-quota.ts";

const MIB = 1 << 20;
const folder = mkdtempSync(join(tmpdir(), "gantry-quota-"));
const mountPoint = join(folder, "mounted");
const isMounted = mountWithQuotas();

/** An ext4 with project quotas is mounted, where the kernel knows them (CONFIG_QFMT_V2). */
function mountWithQuotas(): boolean {
  const image = join(folder, "image");
  mkdirSync(mountPoint);
  writeFileSync(image, "");
  truncateSync(image, 64 * MIB);
  const run = (...command: string[]) => spawnSync(command[0]!, command.slice(1)).status === 0;
  return (
    process.getuid?.() === 0 &&
    run("mkfs.ext4", "-q", "-O", "quota,project", "-E", "quotatype=prjquota", image) &&
    run("mount", "-o", "loop,prjquota", image, mountPoint)
  );
}

let tree: string;

beforeAll(() => {
  tree = join(mountPoint, "tree");
  mkdirSync(tree);
});

afterAll(() => {
  if (isMounted) spawnSync("umount", [mountPoint]);
  rmSync(folder, { recursive: true, force: true });
});

test("a file system without quotas says so", async () => {
  expect(await hasTreeQuotas("/proc")).toBe(false);
  expect(await hasTreeQuotas(folder)).toBe(false);
});

test.skipIf(!isMounted)("a tree takes no more than its limit, and its limit goes with it", async () => {
  expect(await hasTreeQuotas(tree)).toBe(true);
  expect(await readTreeQuota(tree)).toBeUndefined();
  await limitTree(tree, 4 * MIB);
  // The kernel lets a process with CAP_SYS_RESOURCE exceed limits.
  const fill = `mkdir -m 777 "$1/deep" && exec setpriv --reuid 65534 --clear-groups --inh-caps=-all dd if=/dev/zero of="$1/deep/file" bs=1M count=8`;
  const { stderr } = spawnSync("sh", ["-c", fill, "sh", tree], { encoding: "utf8" });
  expect(stderr).toContain("Disk quota exceeded");
  const { usedBytes, limitBytes } = (await readTreeQuota(tree))!;
  expect(limitBytes).toBe(4 * MIB);
  expect(usedBytes).toBeGreaterThan(3 * MIB);
  await limitTree(tree, 5 * MIB);
  expect(await readTreeQuota(tree)).toMatchObject({ limitBytes: 5 * MIB });
  await releaseTree(tree);
  expect(await readTreeQuota(tree)).toMatchObject({ limitBytes: 0 });
});

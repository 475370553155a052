import { expect, test } from "bun:test";
import { findMountAt, findMountOf, mountPointsBelow, parseMountInfo } from "./mountinfo.ts";

const TEXT = String.raw`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resv_strict
31 23 0:28 / /sys/fs/cgroup rw,relatime shared:7 - tmpfs tmpfs rw,mode=755
36 27 98:0 /sub /mnt/a\040b\303\244 ro,noatime shared:5 master:1 - overlay overlay rw,lowerdir=/x:/y
37 36 98:0 / /mnt/a\040b\303\244/in rw master:2 propagate_from:1 - ext3 /dev/root rw
38 27 98:1 / /mnt/none rw unbindable - tmpfs none rw
39 27 0:99 / /mnt/none rw - tmpfs second rw
`;

test("rows carry unescaped paths, propagation and options", () => {
  const rows = parseMountInfo(TEXT);
  expect(rows).toHaveLength(6);
  expect(rows[2]).toEqual({
    id: 36,
    parentId: 27,
    device: "98:0",
    root: "/sub",
    mountPoint: "/mnt/a bä",
    options: ["ro", "noatime"],
    propagation: "shared",
    peerGroup: 5,
    master: 1,
    fsType: "overlay",
    source: "overlay",
    superOptions: ["rw", "lowerdir=/x:/y"],
  });
  expect(rows.map((row) => row.propagation)).toEqual([
    "private",
    "shared",
    "shared",
    "slave",
    "unbindable",
    "private",
  ]);
});

test("mounts are found by their point, by a path inside, and in the order of unmounting", () => {
  const rows = parseMountInfo(TEXT);
  expect(findMountAt("/mnt/none", rows)?.source).toBe("second");
  expect(findMountAt("/mnt", rows)).toBeUndefined();
  expect(findMountOf("/mnt/a bä/in/deep", rows)?.id).toBe(37);
  expect(findMountOf("/mnt/a b", rows)?.id).toBe(27);
  expect(findMountOf("/mnt/none/x", rows)?.source).toBe("second");
  expect(mountPointsBelow("/mnt/a bä", rows)).toEqual(["/mnt/a bä/in", "/mnt/a bä"]);
});

test("lines that are no rows are left out", () => {
  expect(parseMountInfo("\nnot a row\n")).toEqual([]);
});

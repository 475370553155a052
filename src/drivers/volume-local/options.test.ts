import { expect, test } from "bun:test";
import { MS } from "../../os/linux/mount.ts";
import {
  checkVolumeOptions,
  deviceMountOf,
  ownershipOf,
  sizeLimitOf,
  withoutPassword,
} from "./device-options.ts";
import { parseMountOptions } from "./mount-options.ts";

test("options become flags, and data what is left", () => {
  expect(parseMountOptions("rbind,ro,noexec,exec,size=1m,uid=5,defaults")).toEqual({
    flags: MS.bind | MS.rec | MS.rdonly,
    data: "size=1m,uid=5",
  });
  expect(parseMountOptions("")).toEqual({ flags: 0, data: "" });
  expect(parseMountOptions("toString")).toEqual({ flags: 0, data: "toString" });
});

test.each([
  [{ foo: "bar" }, 'invalid option: "foo"'],
  [{ type: "tmpfs" }, 'missing required option: "device"'],
  [{ o: "ro", device: "x" }, 'missing required option: "type"'],
  [{ size: "10m" }, "quota size requested but no quota support"],
  [{ size: "lots" }, "invalid size: 'lots'"],
  [
    { type: "cifs", device: "//server:445/share" },
    "port not allowed in CIFS device URL, include 'port' in 'o='",
  ],
])("%j is refused", (options, message) =>
  expect(() => checkVolumeOptions(options as Record<string, string>, false)).toThrow(message),
);

test("a size of nothing is no quota, one of something is for directories", () => {
  checkVolumeOptions({ size: "0" }, false);
  checkVolumeOptions({ size: "10m" }, true);
  expect(sizeLimitOf({ size: "10m" })).toBe(10 << 20);
  expect(() => checkVolumeOptions({ size: "10m", type: "tmpfs", device: "tmpfs" }, true)).toThrow(
    "size is for directories of this host",
  );
});

test("owner and mode are numbers, and for directories", () => {
  expect(ownershipOf({ uid: "33", mode: "2770" })).toEqual({ uid: 33, mode: 0o2770 });
  expect(() => checkVolumeOptions({ uid: "www" }, false)).toThrow("invalid uid: 'www'");
  expect(() => checkVolumeOptions({ mode: "rwx" }, false)).toThrow("invalid mode: 'rwx'");
  expect(() => checkVolumeOptions({ gid: "1", type: "tmpfs", device: "tmpfs" }, false)).toThrow(
    "uid, gid and mode are for directories of this host",
  );
});

test("servers are resolved for the kernel", async () => {
  expect(await deviceMountOf({ type: "nfs", device: ":/share", o: "addr=10.0.0.1,rw" })).toEqual({
    ...{ type: "nfs", device: ":/share", options: "addr=10.0.0.1,rw" },
  });
  const { options } = await deviceMountOf({ type: "nfs", device: ":/share", o: "addr=localhost,rw" });
  expect(options).toMatch(/^addr=(127\.0\.0\.1|::1),rw$/);
  const { device } = await deviceMountOf({ type: "cifs", device: "//localhost/share", o: "username=x" });
  expect(device).toMatch(/^\/\/(127\.0\.0\.1|::1)\/share$/);
});

test("a password is not told", () =>
  expect(withoutPassword("data: password=abc,x", "x,password=abc")).toBe("data: password=********,x"));

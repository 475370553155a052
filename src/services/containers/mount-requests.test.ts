import { describe, expect, test } from "bun:test";
import type { Mount } from "../../spec/engine-api/mod.ts";
import { parseBind, parseMount, parseVolumesFrom } from "./mount-requests.ts";
import { mergeTmpfsOptions, tmpfsOptionsOf } from "./tmpfs-options.ts";

describe("-v", () => {
  test.each([
    ["/data", { type: "volume", source: "", destination: "/data", readWrite: true, mode: "" }],
    ["name:/data", { type: "volume", source: "name", destination: "/data" }],
    ["/a//b/../c/:/x/", { type: "bind", source: "/a/c", destination: "/x", createSource: true }],
    ["name:/x:ro,z,nocopy", { type: "volume", readWrite: false, noCopy: true, mode: "ro,z,nocopy" }],
    ["/a:/x:rshared,cached", { type: "bind", propagation: "rshared", mode: "rshared,cached" }],
  ])("%s", (spec, request) => expect(parseBind(spec)).toMatchObject(request as never));

  test.each([
    ["", "invalid volume specification: ''"],
    [":/x", "invalid volume specification: ':/x'"],
    ["/x:ro", "invalid volume specification: '/x:ro'"],
    ["/x:", "invalid volume specification: '/x:'"],
    ["a:/b:ro:z", "invalid volume specification: 'a:/b:ro:z'"],
    ["/a:/b:what", "invalid mode: what"],
    ["/a:/b:z,Z", "invalid mode: z,Z"],
    [
      "/a:b",
      `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`,
    ],
    [
      "a::ro",
      `invalid volume specification: 'a::ro': invalid mount config for type "volume": field Target must not be empty`,
    ],
    [
      "a:/",
      `invalid volume specification: 'a:/': invalid mount config for type "volume": invalid specification: destination can't be '/'`,
    ],
  ])("%p is refused", (spec, message) => expect(() => parseBind(spec)).toThrow(message));
});

describe("--mount", () => {
  const refusals: ReadonlyArray<readonly [Partial<Mount> & { Type: string }, string]> = [
    [{ Type: "npipe" }, "mount type unknown"],
    [{ Type: "bind" }, "field Source must not be empty"],
    [{ Type: "bind", Source: "a" }, "invalid mount path: 'a' mount path must be absolute"],
    [{ Type: "bind", Source: "/a", VolumeOptions: {} }, "field VolumeOptions must not be specified"],
    [
      { Type: "bind", Source: "/a", BindOptions: { Propagation: "x" as never } },
      "invalid propagation mode: x",
    ],
    [
      { Type: "bind", Source: "/a", BindOptions: { ReadOnlyForceRecursive: true } },
      "mount options conflict: !ReadOnly && BindOptions.ReadOnlyForceRecursive",
    ],
    [{ Type: "volume", ReadOnly: true }, "must not set ReadOnly mode when using anonymous volumes"],
    [
      { Type: "volume", Source: "v", VolumeOptions: { Subpath: "/x" } },
      "subpath must be a relative path within the volume",
    ],
    [{ Type: "tmpfs", Source: "x" }, "field Source must not be specified"],
    [{ Type: "tmpfs", TmpfsOptions: { Options: [["dev"]] } }, "invalid option: dev"],
    [{ Type: "image" }, "field Source must not be empty"],
  ];
  test.each(refusals)("%j", (mount, reason) =>
    expect(() => parseMount({ Target: "/t", ...mount } as Mount)).toThrow(
      `invalid mount config for type "${mount.Type}": ${reason}`,
    ),
  );
});

describe("--volumes-from", () => {
  test.each([
    ["c", { container: "c", readOnly: false }],
    ["c:ro,z", { container: "c", readOnly: true }],
  ])("%s", (spec, expected) => expect(parseVolumesFrom(spec)).toEqual(expected));
  test.each(["c:rshared", "c:nocopy", "c:x"])("%s is refused", (spec) =>
    expect(() => parseVolumesFrom(spec)).toThrow(`invalid mode: ${spec.slice(2)}`),
  );
});

describe("tmpfs options", () => {
  test("the last word on a matter holds, in the order of last words", () =>
    expect(mergeTmpfsOptions(["exec", "size=1m", "rshared", "size=2m", "defaults"])).toEqual([
      ...["nosuid", "nodev", "exec", "rshared", "size=2m"],
    ]));
  test("others are refused", () =>
    expect(() => mergeTmpfsOptions(["huge=always"])).toThrow('invalid tmpfs option ["huge" "always"]'));
  test("sizes get the largest unit that divides them", () =>
    expect(tmpfsOptionsOf({ SizeBytes: 3 << 20, Mode: 0o1770, Options: [["exec"]] }, true)).toEqual([
      ...["ro", "mode=1770", "size=3m", "exec"],
    ]));
});

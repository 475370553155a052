import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { parseMount } from "./mounts.ts";

describe("parseMount", () => {
  test("a bind mount", () => {
    expect(parseMount("type=bind,src=./x,dst=/b,readonly,bind-propagation=rslave")).toEqual({
      Type: "bind",
      Source: resolve("./x"),
      Target: "/b",
      ReadOnly: true,
      BindOptions: { Propagation: "rslave" },
    });
  });

  test("a volume with options, the type left out, a field in quotes", () => {
    expect(
      parseMount('src=v,target=/v,volume-nocopy,"volume-opt=o=a,b",volume-opt=type=nfs,volume-label=x=y'),
    ).toEqual({
      Type: "volume",
      Source: "v",
      Target: "/v",
      VolumeOptions: {
        NoCopy: true,
        DriverConfig: { Options: { o: "a,b", type: "nfs" } },
        Labels: { x: "y" },
      },
    });
  });

  test("a tmpfs", () => {
    expect(parseMount("type=tmpfs,dst=/t,tmpfs-size=10m,tmpfs-mode=1777")).toEqual({
      Type: "tmpfs",
      Target: "/t",
      TmpfsOptions: { SizeBytes: 10 << 20, Mode: 0o1777 },
    });
  });

  // Texts as docker 28.2 prints them.
  test.each([
    ["type=bind", "target is required"],
    ["type=,dst=/x", "type is required"],
    ["foo=bar", "unexpected key 'foo' in 'foo=bar'"],
    ["type=bind,foo", "invalid field 'foo' must be a key=value pair"],
    ["type=bind,dst=/x,tmpfs-size=1", "cannot mix 'tmpfs-*' options with mount type 'bind'"],
    ["type=bind,dst=/x,readonly=maybe", "invalid value for readonly: maybe"],
    [
      "type=bind,dst=/x,bind-recursive=readonly",
      "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction",
    ],
    [
      "type=bind,dst=/x,bind-nonrecursive",
      "bind-nonrecursive is deprecated, use bind-recursive=disabled instead",
    ],
  ])("%s is refused", (text, message) => {
    expect(() => parseMount(text)).toThrow(message);
  });
});

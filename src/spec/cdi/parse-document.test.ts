import { describe, expect, test } from "bun:test";
import { parseDeviceName } from "./device-name.ts";
import { parseCdiDocument } from "./parse-document.ts";

const device = { name: "a", containerEdits: { env: ["A=1"] } };
const valid = { cdiVersion: "0.6.0", kind: "vendor.example/class", devices: [device] };

describe("a specification file", () => {
  test("what it leaves out is empty", () => {
    expect(parseCdiDocument(valid).containerEdits).toEqual({});
  });

  test.each([
    [{ ...valid, cdiVersion: "9.9.9" }, 'specification.cdiVersion: invalid value "9.9.9"'],
    [{ ...valid, kind: "vendor" }, 'specification.kind: invalid "vendor"'],
    [{ ...valid, devices: [device, device] }, 'invalid spec, multiple device "a"'],
    [{ ...valid, devices: [{ name: "a", containerEdits: {} }] }, 'invalid device "a", empty device edits'],
    [{ ...valid, devices: [{ ...device, name: "-a" }] }, 'specification.devices[0].name: invalid "-a"'],
    [{ ...valid, other: 1 }, 'specification: unknown field "other"'],
    [
      { ...valid, containerEdits: { env: ["=x"] } },
      'containerEdits.env[0]: invalid environment variable "=x"',
    ],
    [{ ...valid, containerEdits: { mounts: [{ hostPath: "/x" }] } }, "mounts[0]: no containerPath"],
    [
      { ...valid, containerEdits: { hooks: [{ hookName: "late", path: "/x" }] } },
      'hookName: invalid value "late"',
    ],
    [
      { ...valid, containerEdits: { deviceNodes: [{ path: "/d", permissions: "x" }] } },
      'invalid permissions "x"',
    ],
    [null, "specification: not an object"],
  ])("%p is refused", (value, message) => {
    expect(() => parseCdiDocument(value)).toThrow(message);
  });
});

test.each([
  ["vendor.example/class=a", true],
  ["nvidia.com/gpu=GPU-1:0", true],
  ["/dev/null", false],
  ["vendor=a", false],
  ["vendor/class=a/b", false],
])("%p names a device: %p", (text, expected) => {
  expect(parseDeviceName(text) !== undefined).toBe(expected);
});

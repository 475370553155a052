import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDaemonSettings } from "./daemon-settings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gantry-settings-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Buffer | object, ...flags: string[]) {
  const path = join(folder, "daemon.json");
  const isObject = typeof content === "object" && !Buffer.isBuffer(content);
  writeFileSync(path, isObject ? JSON.stringify(content) : content);
  return readDaemonSettings(["--config-file", path, ...flags]);
}

test("an empty file is an empty configuration", () => {
  const none = readDaemonSettings(["--config-file", "/dev/null"]).settings;
  for (const content of ["", "  \n", "{}"]) {
    expect(read(content).settings).toEqual({ ...none, "config-file": join(folder, "daemon.json") });
  }
});

test("a key without a value is as if it were not there", () => {
  expect(read({ "max-concurrent-uploads": null }).settings).toEqual(read({}).settings);
});

test("byte order marks are understood", () => {
  const text = '\ufeff{"debug": true}';
  for (const encoding of ["utf8", "utf16le"] as const) {
    expect(read(Buffer.from(text, encoding)).settings.debug).toBe(true);
  }
  expect(read(Buffer.from(text, "utf16le").swap16()).settings.debug).toBe(true);
});

test("what is wrong is told with docker's words", () => {
  const start = "unable to configure the Docker daemon with file ";
  for (const [content, reason] of [
    ["{", "invalid JSON: unexpected EOF"],
    ["[]", "invalid JSON: not an object"],
    [{ nothing: true }, "the following directives don't match any configuration option: nothing"],
    [{ debug: "yes" }, "directive debug has a value of the wrong type"],
    [{ features: { cdi: "yes" } }, "directive features has a value of the wrong type"],
    [{ runtimes: { x: {} } }, "runtime x has no path"],
    [{ runtimes: { x: { runtimeType: "io.containerd.runc.v2" } } }, "runtime x is a shim of containerd's"],
  ] as const) {
    expect(() => read(content)).toThrow(`${start}${join(folder, "daemon.json")}: ${reason}`);
  }
});

test("flags and file must not name the same, but runtimes add up", () => {
  const proxy = "http://me:secret@proxy.example";
  const shown = "http://xxxxx:xxxxx@proxy.example";
  expect(() =>
    read({ labels: ["a=b"], proxies: { "http-proxy": proxy } }, "--label", "c=d", "--http-proxy", proxy),
  ).toThrow(
    `the following directives are specified both as a flag and in the configuration file: labels: (from flag: [c=d], from file: [a=b]), http-proxy: (from flag: ${shown}, from file: ${shown})`,
  );
  const runtimes = { runtimes: { a: { path: "/a" } } };
  expect(read(runtimes, "--add-runtime", "b=/b").settings["add-runtime"]).toEqual({
    a: { path: "/a", args: [] },
    b: { path: "/b", args: [] },
  });
});

test("keys whose form is not that of a flag", () => {
  expect(read({ "cdi-spec-dirs": [] }).settings["cdi-spec-dir"]).toEqual([""]);
  expect(read({ "host-gateway-ip": "10.0.0.1" }).settings["host-gateway-ip"]).toEqual(["10.0.0.1"]);
  expect(read({ "max-concurrent-uploads": null }).settings["max-concurrent-uploads"]).toBe(5);
  const { notes } = read({ builder: { gc: { enabled: true, defaultKeepStorage: "20GB" } } });
  expect(notes).toEqual(["this engine has no builder: directive builder has no effect"]);
});

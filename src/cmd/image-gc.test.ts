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

function read(images: unknown): Readonly<Record<string, string>> {
  const path = join(folder, "daemon.json");
  writeFileSync(path, JSON.stringify({ images }));
  return readDaemonSettings(["--config-file", path]).settings["image-gc"];
}

test("the bound of the image store is off unless asked for", () => {
  const none = readDaemonSettings([]).settings["image-gc"];
  expect(none).toEqual({});
  expect(read({ gc: { enabled: false, maxUsedSpace: "1GB" } })).toEqual({});
  expect(read({ gc: { enabled: true, maxUsedSpace: "20GB" } })).toEqual({ "max-used-space": "20GB" });
  const line = readDaemonSettings(["--image-gc", "max-used-space=1.5g"]);
  expect(line.settings["image-gc"]).toEqual({ "max-used-space": "1.5g" });
});

test.each([
  [{ gc: { enabled: true } }, "directive images should be"],
  [{ gc: { enabled: "yes" } }, "directive images should be"],
  [{ gc: { enabled: true, maxUsedSpace: "1GB", policy: [] } }, "directive images should be"],
  [{ other: 1, gc: { enabled: true, maxUsedSpace: "1GB" } }, "directive images should be"],
  [{ gc: { enabled: true, maxUsedSpace: "much" } }, "invalid size: 'much'"],
  [{ gc: { enabled: true, maxUsedSpace: "0" } }, "invalid size of image-gc"],
])("%j is refused", (images, message) => {
  expect(() => read(images)).toThrow(message);
});

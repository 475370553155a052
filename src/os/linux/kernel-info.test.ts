import { expect, test } from "bun:test";
import * as os from "node:os";
import {
  isKernelAtLeast,
  parseMemInfo,
  parseOsRelease,
  readKernelInfo,
  readMemoryInfo,
  readSysctl,
} from "./kernel-info.ts";
import { statFilesystem } from "./statfs.ts";

test("os-release quoting", () => {
  const fields = parseOsRelease(
    `# c\nNAME="A \\"B\\" C"\nID=debian\nVERSION_ID='12'\nPRETTY_NAME="Debian 12"\n`,
  );
  expect(Object.fromEntries(fields)).toEqual({
    NAME: 'A "B" C',
    ID: "debian",
    VERSION_ID: "12",
    PRETTY_NAME: "Debian 12",
  });
});

test("meminfo", () => {
  expect(parseMemInfo("MemTotal:       16 kB\nMemAvailable:  8 kB\n")).toEqual({
    totalBytes: 16384,
    availableBytes: 8192,
    swapTotalBytes: 0,
  });
  expect(readMemoryInfo().totalBytes).toBe(os.totalmem());
});

test("the running kernel", () => {
  expect(os.release()).toStartWith(`${readKernelInfo().major}.${readKernelInfo().minor}`);
  expect(isKernelAtLeast(5, 6)).toBe(true);
  expect(isKernelAtLeast(999, 0)).toBe(false);
  expect(readSysctl("kernel.ostype")).toBe("Linux");
  expect(readSysctl("no.such")).toBeUndefined();
  expect(statFilesystem("/proc").type).toBe("proc");
  expect(statFilesystem("/").totalBytes).toBeGreaterThan(0);
  expect(() => statFilesystem("/no/such")).toThrow("no such file");
});

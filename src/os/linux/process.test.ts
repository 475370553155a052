import { expect, test } from "bun:test";
import {
  getResourceLimit,
  isProcessAlive,
  parseProcessStat,
  readProcessStat,
  readResidentBytes,
  setResourceLimit,
} from "./process.ts";
import { parseSignal, signalName, signalNumber } from "./signal.ts";

test("a stat line with a nasty name", () => {
  const line = `42 (a) b (c)) S 7 ${Array.from({ length: 17 }, (_, index) => index).join(" ")} 123456789012 0\n`;
  expect(parseProcessStat(line)).toEqual({
    pid: 42,
    command: "a) b (c)",
    state: "S",
    parentPid: 7,
    startTicks: 123456789012n,
  });
});

test("a process is recognised by its pid and start time", () => {
  const stat = readProcessStat(process.pid)!;
  expect(stat.parentPid).toBe(process.ppid);
  expect(isProcessAlive(process.pid, stat.startTicks)).toBe(true);
  expect(isProcessAlive(process.pid, stat.startTicks - 1n)).toBe(false);
  expect(readProcessStat(2 ** 22 + 1)).toBeUndefined();
  expect(readResidentBytes(process.pid)).toBeGreaterThan(1_000_000);
});

test("a limit is read and lowered", () => {
  const before = getResourceLimit("core");
  setResourceLimit("core", { soft: 0n, hard: before.hard });
  expect(getResourceLimit("core").soft).toBe(0n);
  setResourceLimit("core", before);
  expect(getResourceLimit("core")).toEqual(before);
});

test("signals by name and number", () => {
  expect(signalNumber("TERM")).toBe(15);
  expect(signalNumber("sigkill")).toBe(9);
  expect(signalNumber("SIGRTMIN+3")).toBe(37);
  expect(signalNumber("RTMAX-1")).toBe(63);
  expect(signalNumber("NONE")).toBeUndefined();
  expect(signalName(15)).toBe("SIGTERM");
  expect(signalName(6)).toBe("SIGABRT");
  expect(signalName(29)).toBe("SIGIO");
  expect(signalName(34)).toBe("SIGRTMIN");
  expect(parseSignal("0")).toBeUndefined();
  expect(parseSignal("64")).toBe(64);
  expect(parseSignal("65")).toBeUndefined();
});

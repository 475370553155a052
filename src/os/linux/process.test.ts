import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { getResourceLimit, isProcessAlive, parseProcessStat, readProcessStat } from "./process.ts";
import { parseSignal, signalNumber } from "./signal.ts";

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
});

test("a limit is read as the shell reads it", () => {
  const [soft, hard] = ["-Sn", "-Hn"].map((flag) =>
    execFileSync("sh", ["-c", `ulimit ${flag}`], { encoding: "utf8" }),
  );
  expect(getResourceLimit("nofile")).toEqual({ soft: BigInt(soft!), hard: BigInt(hard!) });
});

test("signals by name and number", () => {
  expect(signalNumber("TERM")).toBe(15);
  expect(signalNumber("sigkill")).toBe(9);
  expect(signalNumber("SIGRTMIN+3")).toBe(37);
  expect(signalNumber("RTMAX-1")).toBe(63);
  expect(signalNumber("NONE")).toBeUndefined();
  expect(parseSignal("0")).toBeUndefined();
  expect(parseSignal("64")).toBe(64);
  expect(parseSignal("65")).toBeUndefined();
});

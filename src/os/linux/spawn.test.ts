import { expect, test } from "bun:test";
import { existsSync, readdirSync, readSync } from "node:fs";
import { openEventFd, openPipe, openSocketPair, writeFd } from "./fd.ts";
import { run, spawn } from "./spawn.ts";

test("status, output, environment and directory", async () => {
  const exit = await run({
    command: "/bin/sh",
    args: ["-c", 'echo "out $A $PWD"; echo err >&2; exit 3'],
    env: { A: "a" },
    cwd: "/usr",
    stdout: "collect",
  });
  expect(exit.code).toBe(3);
  expect(exit.signal).toBeUndefined();
  expect(exit.stdout.toString()).toBe("out a /usr\n");
  expect(exit.stderr.toString()).toBe("err\n");
});

test("descriptors arrive under the numbers asked for, and no other one does", async () => {
  using sync = openPipe();
  using start = openPipe();
  using _event = openEventFd();
  const [left, right] = openSocketPair(5);
  using _left = left;
  using _right = right;
  writeFd(start.writeEnd.fd, Buffer.from("go\n"));
  const exit = await run({
    command: "/bin/sh",
    args: ["-c", 'ls /proc/$$/fd; read word <&6; echo "$word" >&4'],
    stdout: "collect",
    fds: { 4: sync.writeEnd.fd, 6: start.readEnd.fd },
  });
  expect(exit.stderr.toString()).toBe("");
  expect(exit.stdout.toString().trim().split("\n")).toEqual(["0", "1", "2", "4", "6"]);
  const buffer = Buffer.alloc(16);
  expect(buffer.toString("utf8", 0, readSync(sync.readEnd.fd, buffer))).toBe("go\n");
});

test("bytes are the child's input", async () => {
  const exit = await run({ command: "cat", stdin: Buffer.from("input"), stdout: "collect" });
  expect(exit.stdout.toString()).toBe("input");
});

test("collected output is bounded", async () => {
  const exit = await run({
    command: "/bin/sh",
    args: ["-c", "head -c 100000 /dev/zero"],
    stdout: "collect",
    maxOutputBytes: 60_000,
  });
  expect(exit.stdout.byteLength).toBe(65_536);
  expect(exit.stderr.toString()).toContain("not permitted");
});

test("a grandchild that keeps the streams open does not hold up the exit", async () => {
  const exit = await run({
    command: "/bin/sh",
    args: ["-c", "sleep 30 & echo $!"],
    stdout: "collect",
  });
  const pid = Number(exit.stdout.toString());
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(pid, "SIGKILL");
});

test("a child over its time and an aborted child are killed", async () => {
  const late = await run({ command: "sleep", args: ["30"], timeoutMs: 20 });
  expect(late).toMatchObject({ timedOut: true, signal: "SIGKILL", code: undefined });
  const controller = new AbortController();
  const child = await spawn({ command: "sleep", args: ["30"], signal: controller.signal });
  controller.abort();
  await expect(child.exited).rejects.toMatchObject({ kind: "canceled" });
  await expect(spawn({ command: "true", signal: controller.signal })).rejects.toMatchObject({
    kind: "canceled",
  });
});

test("a program that is missing or not executable is a clear error", async () => {
  await expect(run({ command: "/no/such/program" })).rejects.toMatchObject({
    code: "ENOENT",
    syscall: "spawn",
  });
  await expect(run({ command: "/etc/passwd" })).rejects.toMatchObject({ code: "EACCES" });
});

test("streams are piped on request", async () => {
  const child = await spawn({ command: "cat", stdin: "pipe", stdout: "pipe" });
  child.stdin!.end("through");
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout!) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe("through");
  expect((await child.exited).code).toBe(0);
});

test("nothing stays open after children have ended", async () => {
  const countOpen = () => readdirSync("/proc/self/fd").length;
  const spawnOnce = () => run({ command: "true", stdout: "collect", stdin: Buffer.from("x") });
  await spawnOnce();
  const before = countOpen();
  for (let round = 0; round < 10; round++) await spawnOnce();
  expect(countOpen()).toBeLessThanOrEqual(before);
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { runOrThrow } from "../../../test/fixtures/run-command.ts";
import { kindOf, messageOf } from "../../base/errors.ts";
import type { Task } from "../../core/tasks/task-runtime.ts";
import { prepareHost } from "../../os/linux/cgroup/prepare-host.ts";
import { identifyProcess, isAlive } from "./process-identity.ts";
import { collectOutput, TaskFixture, type TaskOptions } from "./task.fixture.ts";

let engine: TaskFixture;

beforeAll(async () => {
  await prepareHost();
  engine = new TaskFixture();
});
afterAll(() => engine.close());

async function create(args: string[], options: TaskOptions = {}): Promise<Task> {
  return await engine.runtime.create(engine.spec(args, options));
}

async function failure(work: Promise<unknown>): Promise<{ kind: string; message: string }> {
  try {
    await work;
  } catch (error) {
    return { kind: kindOf(error), message: messageOf(error) };
  }
  throw new Error("nothing failed");
}

function shell(script: string): string[] {
  return ["sh", "-c", script];
}

for (const runtime of ["crun", "runc"]) {
  test(`a task under ${runtime} runs, shows its output and leaves nothing behind`, async () => {
    const spec = engine.spec(shell("echo out; echo err >&2; exit 3"), { runtime });
    const task = await engine.runtime.create(spec);
    const attachment = await task.attach({ stdin: false });
    await task.start();
    expect(await collectOutput(attachment)).toEqual({ stdout: "out\n", stderr: "err\n" });
    const status = await task.wait();
    expect(status.exitCode).toBe(3);
    expect(Date.parse(status.exitedAt)).toBeGreaterThan(Date.now() - 60_000);
    const spool = readFileSync(spec.spoolPath!, "utf8");
    expect(spool).toContain("stdout F out\n");
    expect(spool).toContain("stderr F err\n");
    await task.delete();
    await task.delete();
    expect(existsSync(spec.bundle)).toBe(false);
    expect(readdirSync(join(engine.directory, "run/exits"))).toEqual([]);
    expect(readdirSync(join(engine.directory, "run/runtimes", runtime))).not.toContain(spec.containerId);
  });
}

test("what cannot be run is refused in docker's words", async () => {
  const prefix =
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ";
  expect(await failure(create(["foo"]))).toEqual({
    kind: "invalidArgument",
    message: `${prefix}exec: "foo": executable file not found in $PATH: unknown`,
  });
  expect((await failure(create(["/x/y"]))).message).toBe(
    `${prefix}exec: "/x/y": stat /x/y: no such file or directory: unknown`,
  );
  expect((await failure(create(["/bin/no-program"]))).message).toBe(
    `${prefix}exec: "/bin/no-program": permission denied: unknown`,
  );
  expect((await failure(create(["/bin"]))).message).toBe(`${prefix}exec: "/bin": is a directory: unknown`);
  expect((await failure(create(["true"], { config: { WorkingDir: "/bin/true" } }))).message).toBe(
    `${prefix}chdir to cwd ("/bin/true") set in config.json failed: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`,
  );
  expect(readdirSync(join(engine.directory, "bundles"))).toEqual([]);
});

test("stdin reaches the program whole, and a client that only watches may go", async () => {
  const task = await create(["cat"], { openStdin: true, stdinOnce: true });
  const watcher = await task.attach({ stdin: false });
  const client = await task.attach({ stdin: false });
  await task.start();
  watcher.close();
  const sent = Buffer.alloc(1 << 20, "0123456789abcdef\n");
  const received = collectOutput(client);
  await client.write(sent);
  await client.closeStdin();
  expect((await received).stdout).toBe(sent.toString());
  expect((await task.wait()).exitCode).toBe(0);
  await task.delete();
});

test("clients share one connection: each sees what follows, a slow one holds up the others, one that goes does not", async () => {
  const task = await create(shell("cat; echo end"), { openStdin: true, stdinOnce: true });
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const first = await task.attach({ stdin: false });
  await task.start();
  const before = descriptors();
  const watchers = await Promise.all(Array.from({ length: 50 }, () => task.attach({ stdin: false })));
  expect(descriptors()).toBe(before);
  // It writes more than the program takes while the slow client reads nothing, and leaves in the middle.
  const writing = first.write(Buffer.alloc(8 << 20, "x"));
  expect(await Promise.race([writing, Bun.sleep(200).then(() => "waits")])).toBe("waits");
  const received = collectOutput(watchers[0]!);
  for (const watcher of watchers.slice(1)) watcher.close();
  first.close();
  await writing;
  const { stdout } = await received;
  expect(stdout).toEndWith("xend\n");
  expect(stdout.length).toBeLessThan(8 << 20);
  expect((await task.wait()).exitCode).toBe(0);
  await expect(task.attach({ stdin: false })).rejects.toMatchObject({ kind: "notFound" });
  await task.delete();
});

test("the system call filter holds for every container and exec, compiled anew or not", async () => {
  const profile = JSON.stringify({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  });
  for (let round = 0; round < 2; round++) {
    const options = { hostConfig: { SecurityOpt: [`seccomp=${profile}`] }, openStdin: true, stdinOnce: true };
    const task = await create(shell("mkdir /tmp/a; cat"), options);
    const client = await task.attach({ stdin: false });
    await task.start();
    const process = engine.process(["mkdir", "/tmp/b"]);
    const exec = await task.exec({ execId: "one", process, tty: false, openStdin: false, detached: false });
    expect((await collectOutput(await exec.attach({ stdin: false }))).stderr).toContain(
      "Operation not permitted",
    );
    await exec.delete();
    await client.closeStdin();
    expect((await collectOutput(client)).stderr).toContain("Operation not permitted");
    await task.delete();
  }
});

test("signals end a task with 128 and the signal's number", async () => {
  const task = await create(["sleep", "1000"]);
  await task.start();
  expect((await task.pids()).length).toBe(1);
  await task.kill(9);
  expect((await task.wait()).exitCode).toBe(137);
  expect((await failure(task.kill(9))).kind).toBe("notFound");
  await task.delete();
});

test("delete ends a task that was never started, and one that runs", async () => {
  const created = await create(["true"]);
  await created.delete();
  const running = await create(["sleep", "1000"]);
  await running.start();
  await running.delete();
  expect(isAlive(running.handle.process)).toBe(false);
  expect((await running.wait()).exitCode).toBe(137);
});

test("a terminal has the size it was given", async () => {
  // The monitor hears of the size by another way than of what is typed.
  const untilSized = 'until [ "$(stty size)" = "33 101" ]; do usleep 10000; done';
  const task = await create(shell(`read line; ${untilSized}; stty size`), { tty: true, openStdin: true });
  const client = await task.attach({ stdin: false });
  await task.start();
  await task.resize({ rows: 33, columns: 101 });
  const output = collectOutput(client);
  await client.write(Buffer.from("go\n"));
  expect((await output).stdout).toContain("33 101\r\n");
  await task.delete();
});

test("a paused task stands still until it is resumed", async () => {
  const task = await create(["cat"], { openStdin: true, stdinOnce: true });
  const client = await task.attach({ stdin: false });
  await task.start();
  await task.pause();
  await client.write(Buffer.from("hello\n"));
  await client.closeStdin();
  const ended = task.wait();
  expect(await Promise.race([ended, Bun.sleep(100)])).toBeUndefined();
  await task.resume();
  expect((await ended).exitCode).toBe(0);
  await task.delete();
});

test("execs have output, exit codes, terminals and errors of their own", async () => {
  const task = await create(["sleep", "1000"]);
  await task.start();
  const exec = (execId: string, args: string[], tty = false, detached = false) =>
    task.exec({ execId, process: engine.process(args, tty), tty, openStdin: true, detached });
  const plain = await exec("plain", shell("echo out; echo err >&2; cat; exit 5"));
  const client = await plain.attach({ stdin: false });
  await client.write(Buffer.from("in"));
  await client.closeStdin();
  expect(await collectOutput(client)).toEqual({ stdout: "out\nin", stderr: "err\n" });
  expect((await plain.wait()).exitCode).toBe(5);
  await plain.delete();

  const terminal = await exec("terminal", shell("read line; stty size"), true);
  await terminal.resize({ rows: 20, columns: 70 });
  const screen = await terminal.attach({ stdin: false });
  await screen.write(Buffer.from("go\n"));
  expect((await collectOutput(screen)).stdout).toContain("20 70\r\n");
  await terminal.wait();
  await terminal.delete();

  // What an exec leaves running keeps its output open; the client must not wait for it.
  const parent = await exec("parent", shell("sleep 1000 & echo done"));
  expect((await collectOutput(await parent.attach({ stdin: false }))).stdout).toBe("done\n");
  expect((await parent.wait()).exitCode).toBe(0);
  await parent.delete();

  const detached = await exec("detached", shell("exit 9"), false, true);
  expect((await detached.wait()).exitCode).toBe(9);
  await detached.delete();

  expect((await failure(exec("missing", ["foo"]))).message).toBe(
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "foo": executable file not found in $PATH: unknown',
  );
  expect(readdirSync(join(task.handle.bundle, "exec"))).toEqual([]);
  await task.delete();
});

test("limits can be changed while a task runs", async () => {
  const task = await create(["sleep", "1000"]);
  await task.start();
  await task.update({ memory: { limit: 64 << 20 }, pids: { limit: 77 } });
  expect(readFileSync(`/sys/fs/cgroup/pids${task.handle.cgroupPath}/pids.max`, "utf8").trim()).toBe("77");
  await task.delete();
});

test("a task that the kernel killed for memory says so", async () => {
  const task = await create(["tail", "/dev/zero"], { hostConfig: { Memory: 16 << 20 } });
  await task.start();
  expect(await task.wait()).toMatchObject({ exitCode: 137, oomKilled: true });
  await task.delete();
});

test("a task tells of each time it runs out of memory, and goes on where its program does", async () => {
  const task = await create(shell("tail /dev/zero; exec sleep 1000"), { hostConfig: { Memory: 16 << 20 } });
  const told = Promise.withResolvers<void>();
  await using _watch = task.watchOom(told.resolve);
  await task.start();
  await told.promise;
  await task.kill(15);
  await task.kill(9);
  expect(await task.wait()).toMatchObject({ exitCode: 137, oomKilled: true });
  expect(() => task.watchOom(() => {})).not.toThrow();
  await task.delete();
  expect(() => task.watchOom(() => {})).toThrow("is not running");
});

test("another engine process finds running and ended tasks again", async () => {
  const running = await create(["sleep", "1000"]);
  await running.start();
  const ended = await create(shell("exit 4"));
  await ended.start();
  await ended.wait();
  const second = engine.open();
  const adopted = (await second.adopt(JSON.parse(JSON.stringify(running.handle))))!;
  const finished = (await second.adopt(ended.handle))!;
  expect((await finished.wait()).exitCode).toBe(4);
  const client = await adopted.attach({ stdin: false });
  await adopted.kill(15);
  await adopted.kill(9);
  expect((await adopted.wait()).exitCode).toBe(137);
  client.close();
  await Promise.all([adopted.delete(), finished.delete()]);
  expect(await second.adopt(running.handle)).toBeUndefined();
  await second.close();
});

test("state that another engine's runtime began to remove is removed", async () => {
  const task = await create(["sleep", "1000"]);
  await task.start();
  const state = join(engine.directory, "run", "runtimes", "crun", task.handle.containerId);
  const saved = join(engine.directory, "saved-state");
  cpSync(state, saved, { recursive: true, filter: (path) => !path.endsWith("exec.fifo") });
  await task.kill(9);
  await task.wait();
  // The first engine's runtime removes it by itself once the end is known.
  while (existsSync(state)) await setImmediate();
  const second = engine.open();
  const adopted = (await second.adopt(task.handle))!;
  cpSync(saved, state, { recursive: true });
  rmSync(join(state, "config.json"));
  await adopted.delete();
  expect(existsSync(state)).toBe(false);
  await second.close();
});

test("an engine that closes lets its tasks run and tells those who wait", async () => {
  const second = engine.open();
  const task = await second.create(engine.spec(["sleep", "1000"]));
  await task.start();
  const waiting = failure(task.wait());
  await second.close();
  expect((await waiting).kind).toBe("canceled");
  expect(isAlive(task.handle.process)).toBe(true);
  await (await engine.runtime.adopt(task.handle))!.delete();
});

test("the end of a process is noticed when its monitor was killed", async () => {
  const task = await create(["sleep", "1000"]);
  await task.start();
  const ended = task.wait();
  process.kill(task.handle.monitor.pid, "SIGKILL");
  await task.kill(9);
  expect((await ended).exitCode).toBe(255);
  await task.delete();
});

test("orphans are ended and removed, known tasks are left alone", async () => {
  const known = await create(["sleep", "1000"]);
  const orphan = await create(["sleep", "1000"]);
  await Promise.all([known.start(), orphan.start()]);
  await engine.runtime.removeOrphans(new Set([known.handle.containerId]));
  expect(isAlive(orphan.handle.process)).toBe(false);
  expect(existsSync(orphan.handle.bundle)).toBe(false);
  expect(isAlive(known.handle.process)).toBe(true);
  await known.delete();
});

test("a monitor that an engine has had no word from is ended before its bundle goes", async () => {
  const slow = join(engine.directory, "slow-runtime");
  const started = join(engine.directory, "started");
  await runOrThrow(["mkfifo", started]);
  const script = `#!/bin/sh\ncase "$*" in *create*) echo $$ >${started}; exec sleep 1000 ;; esac\n`;
  writeFileSync(slow, script, { mode: 0o755 });
  const runtimes = { slow: { path: slow } };
  const spec = engine.spec(["true"], { runtime: "slow" });
  const creating = failure(engine.open(runtimes).create(spec));
  const runtimeProcess = identifyProcess(Number(await readFile(started, "utf8")));
  await engine.open(runtimes).removeOrphans(new Set());
  expect(isAlive(runtimeProcess)).toBe(false);
  expect(existsSync(spec.bundle)).toBe(false);
  expect((await creating).message).toStartWith("the container monitor ended without a word");
});

test("an id that is taken is refused and its task lives on", async () => {
  const spec = engine.spec(["sleep", "1000"]);
  const task = await engine.runtime.create(spec);
  await task.start();
  expect((await failure(engine.runtime.create(spec))).kind).toBe("alreadyExists");
  expect(isAlive(task.handle.process)).toBe(true);
  await task.delete();
});

test("roots longer than a socket's address work", async () => {
  const deep = new TaskFixture(`${"d".repeat(120)}-`);
  const task = await deep.runtime.create(deep.spec(["echo", "deep"]));
  const client = await task.attach({ stdin: false });
  await task.start();
  expect((await collectOutput(client)).stdout).toBe("deep\n");
  await task.wait();
  await task.delete();
  await deep.close();
});

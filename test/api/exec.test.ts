import { beforeAll, describe, expect, test } from "bun:test";
import { commandLines } from "../fixtures/docker-cli.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe.each(commandLines)("docker exec, %s", (_name, program) => {
  const harness = useEngine({}, program);
  const exec = (args: readonly string[], stdin?: string) =>
    harness.docker(["exec", ...args], stdin === undefined ? {} : { stdin });

  beforeAll(async () => {
    const flags = ["--name", "box", "--network", "none", "-e", "FROM=container", "-w", "/tmp"];
    await harness.docker(["run", "-d", ...flags, TEST_IMAGE, "sleep", "1000"]);
  });

  test("streams stay apart and the exit code is passed on", async () => {
    const result = await exec(["box", "sh", "-c", "echo out; echo err >&2; exit 42"]);
    expect(result).toEqual({ stdout: "out\n", stderr: "err\n", code: 42 });
  });

  test("-i reads its input to the end", async () => {
    expect(await exec(["-i", "box", "wc", "-c"], "x".repeat(200_000))).toEqual({
      stdout: "200000\n",
      stderr: "",
      code: 0,
    });
  });

  test("has the container's environment and directory, and its own", async () => {
    expect((await exec(["box", "sh", "-c", "echo $FROM; pwd"])).stdout).toBe("container\n/tmp\n");
    const own = await exec(["-e", "FROM=exec", "-w", "/etc", "box", "sh", "-c", "echo $FROM; pwd"]);
    expect(own.stdout).toBe("exec\n/etc\n");
  });

  test("-u", async () => {
    expect((await exec(["-u", "www-data", "box", "id", "-u"])).stdout).toBe("33\n");
    const unknown = await exec(["-u", "nobody-here", "box", "id"]);
    expect(unknown.code).toBe(126);
    expect(unknown.stdout + unknown.stderr).toContain(
      "unable to find user nobody-here: no matching entries in passwd file",
    );
  });

  test("--privileged has every capability", async () => {
    const read = ["sed", "-n", "s/^CapEff:\\s*//p", "/proc/self/status"];
    const usual = BigInt(`0x${(await exec(["box", ...read])).stdout.trim()}`);
    const privileged = BigInt(`0x${(await exec(["--privileged", "box", ...read])).stdout.trim()}`);
    expect(usual).toBe(0xa80425fbn);
    expect((privileged >> 21n) & 1n).toBe(1n);
  });

  test("-d goes on by itself", async () => {
    const { docker } = harness;
    expect(await exec(["-d", "box", "sh", "-c", "echo done > /tmp/done; sleep 1000"])).toEqual({
      stdout: "",
      stderr: "",
      code: 0,
    });
    const { stdout } = await exec([
      "box",
      "sh",
      "-c",
      "until [ -s /tmp/done ]; do usleep 10000; done; cat /tmp/done",
    ]);
    expect(stdout).toBe("done\n");
    const ids = await docker(["inspect", "-f", "{{len .ExecIDs}}", "box"]);
    expect(ids.stdout).toBe("1\n");
  });

  test("shares the container's processes and control group", async () => {
    const { stdout } = await exec([
      "box",
      "sh",
      "-c",
      "cmp /proc/1/cgroup /proc/self/cgroup && cat /proc/1/comm",
    ]);
    expect(stdout).toBe("sleep\n");
  });

  test("a program that is not there", async () => {
    const { stdout, stderr, code } = await exec(["box", "no-such-program"]);
    expect(code).toBe(127);
    expect(stdout + stderr).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such-program": executable file not found in $PATH',
    );
  });

  test("a file that is no program", async () => {
    const { stdout, stderr, code } = await exec(["box", "/etc/passwd"]);
    expect(code).toBe(126);
    expect(stdout + stderr).toContain('exec: "/etc/passwd": permission denied');
  });

  test("no such container, and one that does not run", async () => {
    const { docker } = harness;
    expect(await exec(["nowhere", "true"])).toEqual({
      stdout: "",
      stderr: "Error response from daemon: No such container: nowhere\n",
      code: 1,
    });
    const id = (await docker(["create", "--name", "still", TEST_IMAGE, "true"])).stdout.trim();
    expect(await exec(["still", "true"])).toEqual({
      stdout: "",
      stderr: `Error response from daemon: container ${id} is not running\n`,
      code: 1,
    });
  });

  test("a paused container", async () => {
    const { docker } = harness;
    await docker(["pause", "box"]);
    const { stderr, code } = await exec(["box", "true"]);
    expect([code, stderr]).toEqual([
      1,
      "Error response from daemon: Container box is paused, unpause the container before exec\n",
    ]);
    await docker(["unpause", "box"]);
    expect((await exec(["box", "true"])).code).toBe(0);
  });

  test("many at once", async () => {
    const runs = Array.from({ length: 8 }, (_, index) => exec(["box", "echo", String(index)]));
    const outputs = (await Promise.all(runs)).map(({ stdout }) => stdout.trim());
    expect(outputs).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });

  test("ends with its container", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "--name", "short", "--network", "none", TEST_IMAGE, "sleep", "1000"]);
    const running = exec(["short", "sh", "-c", "touch /up; sleep 1000"]);
    await exec(["short", "sh", "-c", "until [ -e /up ]; do usleep 10000; done"]);
    await docker(["kill", "short"]);
    expect((await running).code).toBe(137);
  });
});

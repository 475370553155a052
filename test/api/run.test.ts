import { describe, expect, test } from "bun:test";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const CONTAINER_ID = /^[0-9a-f]{64}\n$/;

describe("what a container is run with", () => {
  const harness = useEngine();
  const run = (flags: readonly string[], ...command: string[]) =>
    harness.docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, ...command]);

  test("binary output comes through unchanged, one stream beside the other", async () => {
    const script = "head -c 3000000 /dev/zero; echo end >&2";
    const { stdout, stderr, code } = await run([], "sh", "-c", script);
    expect([stdout.length, stdout.replaceAll("\0", ""), stderr, code]).toEqual([3_000_000, "", "end\n", 0]);
  });

  test("echo data | run -i cat ends by itself", async () => {
    const { docker } = harness;
    const cat = await docker(["run", "-i", "--rm", TEST_IMAGE, "cat"], { stdin: "data\n" });
    expect(cat).toEqual({ stdout: "data\n", stderr: "", code: 0 });
  });

  test("without -i there is no input to wait for", async () => {
    expect(await run([], "cat")).toEqual({ stdout: "", stderr: "", code: 0 });
  });

  test("a program that ends does not wait for its input's end", async () => {
    const head = await harness.docker(["run", "-i", "--rm", TEST_IMAGE, "true"], {
      stdin: "x".repeat(1_000_000),
    });
    expect(head).toEqual({ stdout: "", stderr: "", code: 0 });
  });

  test.each([
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -9 $$", 137],
  ])("%s", async (script, code) => {
    // PID 1 ignores signals it has no handler for, so a child dies and the shell passes its status on.
    expect((await run([], "sh", "-c", `sh -c '${script}'; exit $?`)).code).toBe(code);
  });

  test("-d prints the id; the name leads to it", async () => {
    const { docker } = harness;
    const { stdout } = await docker(["run", "-d", "--name", "named", TEST_IMAGE, "sleep", "1000"]);
    expect(stdout).toMatch(CONTAINER_ID);
    expect((await docker(["inspect", "-f", "{{.Id}} {{.Name}}", "named"])).stdout).toBe(
      `${stdout.trim()} /named\n`,
    );
    expect((await docker(["inspect", "-f", "{{.State.Status}}", stdout.slice(0, 12)])).stdout).toBe(
      "running\n",
    );
    await docker(["rm", "-f", "named"]);
  });

  test("-e sets, passes on and takes out variables", async () => {
    const { stdout } = await harness.docker(
      ["run", "--rm", "-e", "A=1 2", "-e", "B=", "-e", "PASSED", "-e", "ABSENT", TEST_IMAGE, "env"],
      { env: { PASSED: "on", ABSENT: undefined } },
    );
    const lines = stdout.split("\n");
    expect(lines).toContain("A=1 2");
    expect(lines).toContain("B=");
    expect(lines).toContain("PASSED=on");
    expect(lines.some((line) => line.startsWith("ABSENT"))).toBe(false);
    expect(lines).toContain("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    expect(lines).toContain("HOME=/root");
    expect(lines.some((line) => /^HOSTNAME=[0-9a-f]{12}$/.test(line))).toBe(true);
  });

  test("-w is made where it is missing", async () => {
    expect((await run(["-w", "/new/place"], "sh", "-c", "pwd; touch x")).stdout).toBe("/new/place\n");
  });

  test.each([
    ["www-data", "33 33 33"],
    ["33:100", "33 100 100"],
    ["nobody:users", "65534 100 100"],
    ["1234", "1234 0 0"],
    ["0", "0 0 0"],
  ])("-u %s", async (user, ids) => {
    const { stdout } = await run(["-u", user], "sh", "-c", "echo $(id -u) $(id -g) $(id -G)");
    expect(stdout).toBe(`${ids}\n`);
  });

  test("a user's home is in the environment", async () => {
    expect((await run(["-u", "www-data"], "sh", "-c", "echo $HOME")).stdout).toBe("/var/www\n");
  });

  test("--group-add", async () => {
    expect((await run(["--group-add", "adm", "--group-add", "77"], "id", "-G")).stdout).toBe("0 4 77\n");
  });

  test("--entrypoint stands before the arguments and drops the image's command", async () => {
    const { docker } = harness;
    await docker(["create", "--name", "pointed", TEST_IMAGE]);
    await docker(["commit", "-c", 'ENTRYPOINT ["echo","from"]', "-c", 'CMD ["image"]', "pointed", "pointed"]);
    const out = async (...args: string[]) =>
      (await docker(["run", "--rm", "--network", "none", ...args])).stdout;
    expect(await out("pointed")).toBe("from image\n");
    expect(await out("pointed", "me")).toBe("from me\n");
    expect(await out("--entrypoint", "echo", "pointed")).toBe("\n");
    expect(await out("--entrypoint", "echo", "pointed", "own")).toBe("own\n");
    expect(await out("--entrypoint", "", "pointed", "echo", "bare")).toBe("bare\n");
    await docker(["rm", "pointed"]);
    await docker(["rmi", "pointed"]);
  });

  test("--rm leaves nothing, also where the program fails", async () => {
    const { docker } = harness;
    await docker(["run", "--rm", "--name", "brief", TEST_IMAGE, "false"]);
    await docker(["run", "--rm", "--name", "brief", TEST_IMAGE, "no-such-program"]);
    expect((await docker(["ps", "-aq", "--filter", "name=brief"])).stdout).toBe("");
  });

  test("--hostname and --domainname", async () => {
    const flags = ["--hostname", "web", "--domainname", "example.test"];
    const { stdout } = await run(
      flags,
      "sh",
      "-c",
      "cat /etc/hostname /proc/sys/kernel/domainname; hostname; echo $HOSTNAME",
    );
    expect(stdout).toBe("web\nexample.test\nweb\nweb\n");
  });

  test("the id is the default host name", async () => {
    const { docker } = harness;
    const { stdout: id } = await docker(["run", "-d", TEST_IMAGE, "hostname"]);
    await docker(["wait", id.trim()]);
    expect((await docker(["logs", id.trim()])).stdout).toBe(`${id.slice(0, 12)}\n`);
    await docker(["rm", id.trim()]);
  });

  test("--init is PID 1 or refused, never ignored", async () => {
    const { stdout, stderr, code } = await run(["--init"], "cat", "/proc/1/comm");
    if (code === 0) expect(stdout).not.toBe("cat\n");
    else expect(stderr).toContain("--init");
  });

  test("--cidfile and labels", async () => {
    const { docker, engine } = harness;
    const file = `${engine.directory}/cid`;
    const { stdout } = await docker(["create", "--cidfile", file, "-l", "a=b", "-l", "c", TEST_IMAGE]);
    expect(`${await Bun.file(file).text()}\n`).toBe(stdout);
    const labels = await docker(["inspect", "-f", "{{json .Config.Labels}}", stdout.trim()]);
    expect(JSON.parse(labels.stdout)).toEqual({ a: "b", c: "" });
  });

  test("stdin of a detached container is there for whoever attaches", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "-i", "--name", "waits", TEST_IMAGE, "sh", "-c", "read line; echo got $line"]);
    expect((await docker(["attach", "waits"], { stdin: "word\n" })).stdout).toBe("got word\n");
    expect((await docker(["wait", "waits"])).stdout).toBe("0\n");
    await docker(["rm", "waits"]);
  });
});

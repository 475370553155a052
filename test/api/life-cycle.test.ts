import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dockerProgram } from "../fixtures/docker-cli.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("the life of a container", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout;
  };
  const start = (name: string, ...command: string[]) =>
    out("run", "-d", "--network", "none", "--name", name, TEST_IMAGE, ...command);
  const state = (name: string, field: string) => out("inspect", "-f", `{{.State.${field}}}`, name);
  /** A program that ends with its own code when it is asked to. */
  const POLITE = ["sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"];

  test("created, running, exited, running again, gone", async () => {
    const id = await out(
      "create",
      "--name",
      "life",
      TEST_IMAGE,
      "sh",
      "-c",
      "read x < /dev/null; sleep 1000",
    );
    expect(await state("life", "Status")).toBe("created\n");
    expect(await out("start", "life")).toBe("life\n");
    expect(await state("life", "Status")).toBe("running\n");
    expect(await out("stop", "-t", "0", "life")).toBe("life\n");
    expect(await state("life", "Status")).toBe("exited\n");
    expect(await state("life", "ExitCode")).toBe("137\n");
    expect(await out("start", id.trim())).toBe(id);
    expect(await state("life", "Running")).toBe("true\n");
    expect(await out("rm", "-f", "life")).toBe("life\n");
    expect(await docker("inspect", "life")).toEqual({
      stdout: "[]\n",
      stderr: "Error: No such object: life\n",
      code: 1,
    });
  });

  test("stop asks with SIGTERM first", async () => {
    await start("polite", ...POLITE);
    const logs = async () => {
      while ((await out("logs", "polite")) === "") await Bun.sleep(10);
    };
    await logs();
    await out("stop", "polite");
    expect(await state("polite", "ExitCode")).toBe("5\n");
    await out("rm", "polite");
  });

  test("stop and start where nothing is to be done are fine", async () => {
    await start("idle", "true");
    await out("wait", "idle");
    expect(await out("stop", "idle")).toBe("idle\n");
    await start("busy", "sleep", "1000");
    expect(await out("start", "busy")).toBe("busy\n");
    await out("rm", "-f", "idle", "busy");
  });

  test("what the root file system holds outlives a restart", async () => {
    await start(
      "keeps",
      "sh",
      "-c",
      "echo $(( $(cat /count 2>/dev/null || echo 0) + 1 )) > /count; cat /count; sleep 1000",
    );
    await out("exec", "keeps", "sh", "-c", "until [ -s /count ]; do usleep 10000; done");
    await out("restart", "-t", "0", "keeps");
    await out("exec", "keeps", "sh", "-c", 'until [ "$(cat /count)" = 2 ]; do usleep 10000; done');
    expect(await out("logs", "keeps")).toBe("1\n2\n");
    await out("rm", "-f", "keeps");
  });

  test("kill with a signal by name and number", async () => {
    const script =
      "trap 'echo usr1' USR1; trap 'echo hup; exit 3' HUP; echo ready; while :; do sleep 0.05; done";
    await start("signalled", "sh", "-c", script);
    const logged = async (text: string) => {
      while (!(await out("logs", "signalled")).includes(text)) await Bun.sleep(10);
    };
    await logged("ready");
    expect(await out("kill", "-s", "SIGUSR1", "signalled")).toBe("signalled\n");
    await logged("usr1");
    await out("kill", "--signal", "1", "signalled");
    expect(await out("wait", "signalled")).toBe("3\n");
    const { stderr, code } = await docker("kill", "signalled");
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot kill container: signalled: container [0-9a-f]{64} is not running/);
    await out("rm", "signalled");
  });

  test("wait tells the exit codes in order", async () => {
    await start("seven", "sh", "-c", "exit 7");
    await start("eight", "sh", "-c", "exit 8");
    expect(await out("wait", "seven", "eight", "seven")).toBe("7\n8\n7\n");
    await out("rm", "seven", "eight");
  });

  test("wait waits", async () => {
    await start("later", "sh", "-c", "until [ -e /go ]; do usleep 10000; done; exit 21");
    const waiting = out("wait", "later");
    await out("exec", "later", "touch", "/go");
    expect(await waiting).toBe("21\n");
    await out("rm", "later");
  });

  test("rm refuses what runs", async () => {
    await start("stays", "sleep", "1000");
    expect(await docker("rm", "stays")).toEqual({
      stdout: "",
      stderr:
        'Error response from daemon: cannot remove container "/stays": container is running: stop the container before removing or force remove\n',
      code: 1,
    });
    await out("rm", "-f", "stays");
  });

  test("rm -f of what is just about to end", async () => {
    const socket = { unix: harness.engine.socketPath };
    const call = (method: string, path: string, body?: object) =>
      fetch(`http://gantry${path}`, {
        ...socket,
        method,
        ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
      });
    for (let turn = 0; turn < 20; turn++) {
      const body = { Image: TEST_IMAGE, Cmd: ["true"], HostConfig: { NetworkMode: "none" } };
      const { Id } = (await (await call("POST", "/containers/create", body)).json()) as { Id: string };
      expect((await call("POST", `/containers/${Id}/start`)).status).toBe(204);
      expect((await call("DELETE", `/containers/${Id}?force=1`)).status).toBe(204);
    }
  });

  test("pause and unpause", async () => {
    await start("frozen", "sleep", "1000");
    expect(await out("pause", "frozen")).toBe("frozen\n");
    expect(await state("frozen", "Status")).toBe("paused\n");
    expect(await out("ps", "--format", "{{.Names}} {{.Status}}")).toMatch(/^frozen Up .* \(Paused\)\n$/);
    expect(await out("unpause", "frozen")).toBe("frozen\n");
    await out("pause", "frozen");
    expect(await out("rm", "-f", "frozen")).toBe("frozen\n");
  });

  test("rename", async () => {
    await start("before", "sleep", "1000");
    await out("rename", "before", "after");
    expect(await out("inspect", "-f", "{{.Name}}", "after")).toBe("/after\n");
    expect((await docker("inspect", "before")).code).toBe(1);
    await out("rm", "-f", "after");
  });

  test("ps", async () => {
    await out("create", "--name", "never", TEST_IMAGE, "echo", "a b");
    await start("ended", "sh", "-c", "exit 3");
    await out("wait", "ended");
    await start("runs", "sleep", "1000");
    const row = "{{.Names}}|{{.Image}}|{{.Command}}|{{.Status}}|{{.State}}";
    const lines = (await out("ps", "-a", "--no-trunc", "--format", row)).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^runs\|test\/busybox:latest\|"sleep 1000"\|Up (Less than a second|\d+ seconds?)\|running$/,
    );
    expect(lines[1]).toMatch(/^ended\|test\/busybox:latest\|"sh -c 'exit 3'"\|Exited \(3\) .* ago\|exited$/);
    expect(lines[2]).toBe(`never|test/busybox:latest|"echo 'a b'"|Created|created`);
    expect(await out("ps", "--format", "{{.Names}}")).toBe("runs\n");
    expect(await out("ps", "-a", "-f", "status=exited", "--format", "{{.Names}}")).toBe("ended\n");
    expect(await out("ps", "-a", "-f", "exited=3", "--format", "{{.Names}}")).toBe("ended\n");
    expect(await out("ps", "-l", "--format", "{{.Names}}")).toBe("runs\n");
    expect(await out("ps")).toMatch(/^CONTAINER ID {3}IMAGE {17}COMMAND +CREATED +STATUS +PORTS +NAMES\n/);
    await out("rm", "-f", "never", "ended", "runs");
  });

  test("logs: both streams, tail, timestamps", async () => {
    await start("talks", "sh", "-c", "for i in 1 2 3 4; do echo out$i; done; echo err >&2");
    await out("wait", "talks");
    expect(await docker("logs", "talks")).toEqual({
      stdout: "out1\nout2\nout3\nout4\n",
      stderr: "err\n",
      code: 0,
    });
    const tail = await docker("logs", "-n", "2", "talks");
    expect([tail.stdout, tail.stderr]).toEqual(["out4\n", "err\n"]);
    expect(await out("logs", "-t", "-n", "5", "talks")).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out1\n/,
    );
    expect(await out("logs", "--until", "2000-01-01", "talks")).toBe("");
    expect(await out("logs", "--since", "2000-01-01", "talks")).toStartWith("out1\n");
    await out("rm", "talks");
  });

  test("logs -f goes on to the end", async () => {
    await start("follows", "sh", "-c", "echo one; until [ -e /go ]; do usleep 10000; done; echo two");
    const client = spawn(dockerProgram, ["-H", harness.engine.host, "logs", "-f", "follows"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(client, "close");
    let text = "";
    client.stdout.on("data", (bytes: Buffer) => {
      text += bytes;
    });
    while (text !== "one\n") await once(client.stdout, "data");
    await out("exec", "follows", "touch", "/go");
    await ended;
    expect(text).toBe("one\ntwo\n");
    await out("rm", "follows");
  });

  test("inspect has what was asked for", async () => {
    const flags = [
      "--name",
      "known",
      "--network",
      "none",
      "-e",
      "A=b",
      "-w",
      "/tmp",
      "-m",
      "32m",
      "-l",
      "k=v",
    ];
    await out("run", "-d", ...flags, TEST_IMAGE, "sleep", "1000");
    const [known] = JSON.parse(await out("inspect", "known"));
    expect(known).toMatchObject({
      Name: "/known",
      Path: "sleep",
      Args: ["1000"],
      Driver: "overlay2",
      Platform: "linux",
      RestartCount: 0,
      State: {
        Status: "running",
        Running: true,
        Paused: false,
        OOMKilled: false,
        Dead: false,
        ExitCode: 0,
        Error: "",
      },
      Config: {
        Image: TEST_IMAGE,
        WorkingDir: "/tmp",
        Cmd: ["sleep", "1000"],
        Labels: { k: "v" },
        Tty: false,
      },
      HostConfig: { Memory: 33554432, NetworkMode: "none", AutoRemove: false, RestartPolicy: { Name: "no" } },
      NetworkSettings: { Networks: { none: {} } },
    });
    expect(known.Config.Env).toContain("A=b");
    expect(known.State.Pid).toBeGreaterThan(1);
    expect(known.State.StartedAt).toMatch(/^\d{4}-.*\.\d+Z$/);
    await out("rm", "-f", "known");
  });

  test("events are told as things happen", async () => {
    const since = String(Date.now() / 1000);
    await start("eventful", "true");
    await out("wait", "eventful");
    await out("rm", "eventful");
    const format = "{{.Type}} {{.Action}}";
    const text = await out(
      "events",
      "--since",
      since,
      "--until",
      String(Date.now() / 1000),
      "--format",
      format,
    );
    const actions = text
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith("container"));
    expect(actions).toEqual(["container create", "container start", "container die", "container destroy"]);
  });

  test("a restart policy starts a failing program again, and stop ends that", async () => {
    const flags = ["--network", "none", "--restart", "on-failure:2", "--name", "again"];
    await out("run", "-d", ...flags, TEST_IMAGE, "sh", "-c", "echo run; exit 1");
    while ((await out("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "again")) !== "2 exited\n") {
      await Bun.sleep(20);
    }
    expect(await out("logs", "again")).toBe("run\nrun\nrun\n");
    await out("rm", "again");
  });

  test("top shows the processes", async () => {
    await start("shown", "sleep", "1234");
    expect(await out("top", "shown", "-o", "pid,args")).toMatch(/^PID +COMMAND\n\d+ +sleep 1234\n$/);
    await out("rm", "-f", "shown");
  });

  test("cp takes files out and in", async () => {
    const { engine } = harness;
    await out("create", "--name", "box", TEST_IMAGE, "cat", "/in/file");
    await Bun.write(`${engine.directory}/in/file`, "carried\n");
    await out("cp", `${engine.directory}/in`, "box:/");
    expect((await docker("start", "-a", "box")).stdout).toBe("carried\n");
    await out("cp", "box:/in/file", `${engine.directory}/back`);
    expect(await Bun.file(`${engine.directory}/back`).text()).toBe("carried\n");
    await out("rm", "box");
  });
});

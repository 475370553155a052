import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commandLines } from "../fixtures/docker-cli.ts";
import { startTerminal, type TerminalSession } from "../fixtures/terminal.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const DETACH = "\x10\x11";

/** What a person does with containers in the first hour, as an introduction to them tells it. */
describe.each(commandLines)("a first hour with containers, %s", (_name, program) => {
  const harness = useEngine({}, program);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${code}: ${stderr}`);
    return stdout;
  };
  const open = (...args: string[]): TerminalSession =>
    startTerminal([program, "-H", harness.engine.host, ...args], {
      env: { DOCKER_CONFIG: join(harness.engine.directory, "docker-config"), DOCKER_HOST: undefined },
    });
  const header = "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n";
  const row = (name: string, ...flags: string[]) =>
    out("container", "ls", ...flags, "--filter", `name=^${name}$`, "--format", "{{.Command}}|{{.Status}}");

  test("a container lives as long as its process", async () => {
    const startedMs = Date.now();
    await out("container", "run", "--rm", TEST_IMAGE, "sleep", "1");
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1000);
    expect(await out("container", "ls", "-a")).toBe(header);
  });

  test("a shell, left and entered again; a prefix of the id is enough", async () => {
    await using shell = open("container", "run", "-it", TEST_IMAGE, "sh");
    await shell.waitFor("# ");
    shell.type("echo $$ $(hostname)\r");
    const [, id = ""] = /\r\n1 ([0-9a-f]{12})\r\n/.exec(await shell.waitFor(/\r\n1 [0-9a-f]{12}\r\n/))!;
    shell.type(DETACH);
    expect(await shell.exited).toBe(0);
    expect(await out("container", "ls", "--format", "{{.ID}} {{.Command}}")).toBe(`${id} "sh"\n`);
    await using second = open("container", "exec", "-it", id, "sh");
    await second.waitFor("# ");
    second.type("set -- /proc/[0-9]*; echo $# processes; exit 4\r");
    await second.waitFor(/\r\n2 processes\r\n/);
    expect(await second.exited).toBe(4);
    const prefix = id.slice(0, 11);
    expect(await out("container", "ps", "-q")).toBe(`${id}\n`);
    expect(await out("container", "stop", "-t", "0", prefix)).toBe(`${prefix}\n`);
    expect(await out("container", "rm", prefix)).toBe(`${prefix}\n`);
  });

  test("what was written is there after stop and start, and shows as a change", async () => {
    await using shell = open("container", "run", "--name", "percy", "-it", TEST_IMAGE, "sh");
    await shell.waitFor("# ");
    shell.type("cd /tmp; echo 'DevOps FTW' > newfile; echo do''ne\r");
    await shell.waitFor("done\r\n");
    shell.type(DETACH);
    expect(await shell.exited).toBe(0);
    expect(await out("container", "stop", "-t", "0", "percy")).toBe("percy\n");
    expect(await out("container", "ls")).toBe(header);
    expect(await row("percy", "-a")).toMatch(/^"sh"\|Exited \(137\) .* ago\n$/);
    expect(await out("container", "start", "percy")).toBe("percy\n");
    expect(await row("percy")).toMatch(/^"sh"\|Up .*second.*\n$/);
    expect(await out("container", "exec", "percy", "cat", "/tmp/newfile")).toBe("DevOps FTW\n");
    expect((await out("container", "diff", "percy")).split("\n").sort()).toEqual([
      "",
      "A /tmp/newfile",
      "C /tmp",
    ]);
    expect(await out("container", "rm", "percy", "-f")).toBe("percy\n");
    expect(await out("container", "ls", "-a")).toBe(header);
  });

  test("a restart policy brings back what its shell's end ended", async () => {
    const run = ["container", "run", "--name", "neversaydie", "-it", "--restart", "always", TEST_IMAGE, "sh"];
    await using shell = open(...run);
    await shell.waitFor("# ");
    shell.type("exit\r");
    expect(await shell.exited).toBe(0);
    const restarts = () => out("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "neversaydie");
    while ((await restarts()) !== "1 running\n") await Bun.sleep(20);
    expect(await row("neversaydie")).toMatch(/^"sh"\|Up /);
    await out("container", "rm", "-f", "neversaydie");
  });

  test("stop asks, rm -f does not; several and all at once", async () => {
    const polite = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    const names = ["one", "two", "three"];
    for (const name of names) await out("run", "-d", "--name", name, TEST_IMAGE, "sh", "-c", polite);
    for (const name of names) while ((await out("logs", name)) === "") await Bun.sleep(10);
    expect(await out("container", "stop", "one", "two")).toBe("one\ntwo\n");
    expect(await out("container", "logs", "two")).toBe("ready\nasked\n");
    expect(await row("one", "-a")).toContain("Exited (0)");
    const ids = (await out("container", "ls", "-aq")).trim().split("\n");
    expect(ids.length).toBe(3);
    expect((await out("container", "rm", ...ids, "-f")).trim().split("\n")).toEqual(ids);
    expect(await out("container", "ls", "-a")).toBe(header);
  });

  test("the image's command runs unless another is given", async () => {
    await out("run", "--name", "made", TEST_IMAGE, "true");
    await out("commit", "--change", 'CMD ["echo", "from the image"]', "made", "made:1");
    expect(await out("run", "--rm", "made:1")).toBe("from the image\n");
    expect(await out("run", "--rm", "made:1", "echo", "other")).toBe("other\n");
    await out("rm", "made");
    await out("rmi", "made:1");
  });
});

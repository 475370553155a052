import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandLines } from "../fixtures/docker-cli.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { startTerminal, type TerminalSession } from "../fixtures/terminal.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const BASH_IMAGE = "test/bash:latest";
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_P = "\x10";
const CTRL_Q = "\x11";
const CTRL_Z = "\x1a";
/** Its word comes from a program that has the terminal: keys typed after it go to that program. */
const SLEEP = "sh -c 'echo u''p; sleep 1000'\r";
const bash = ["/bin/bash", "/usr/bin/bash"].find(existsSync);

describe.each(commandLines)("a terminal, %s", (_name, program) => {
  const harness = useEngine({}, program);
  const open = (args: readonly string[], size: { columns?: number; rows?: number } = {}): TerminalSession =>
    startTerminal([program, "-H", harness.engine.host, ...args], {
      ...size,
      env: { DOCKER_CONFIG: join(harness.engine.directory, "docker-config"), DOCKER_HOST: undefined },
    });
  const shell = (...flags: string[]) =>
    open(["run", "-it", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh"]);

  test("is one, and has the size of the user's", async () => {
    await using terminal = open(["run", "-it", "--rm", TEST_IMAGE, "sh"], { columns: 91, rows: 33 });
    await terminal.waitFor("# ");
    terminal.type("tty; echo $TERM\r");
    await terminal.waitFor(/\/dev\/pts\/0\r\nxterm\r\n/);
    terminal.type("stty size\r");
    await terminal.waitFor("33 91");
    terminal.type("exit 7\r");
    expect(await terminal.exited).toBe(7);
  });

  test("passes signals to the command line on to the container", async () => {
    await using terminal = shell();
    await terminal.waitFor("# ");
    terminal.type(`exec sh -c "trap 'exit 5' TERM; echo u''p; while :; do sleep 0.1; done"\r`);
    await terminal.waitFor("up\r\n");
    terminal.signal("SIGTERM");
    expect(await terminal.exited).toBe(5);
  });

  test("follows the user's window", async () => {
    await using terminal = shell();
    await terminal.waitFor("# ");
    // Without job control the shell itself is in the foreground and gets the signal.
    terminal.type(`sh -c "trap 'stty size' WINCH; echo u''p; while :; do sleep 0.1; done"\r`);
    await terminal.waitFor("up\r\n");
    // docker's command line misses what happens between its first look at the size and its listening for changes.
    const followed = async (columns: number) => {
      terminal.resize(columns, 20);
      return await terminal.waitFor(`20 ${columns}`, 2000).then(
        () => true,
        () => false,
      );
    };
    expect((await followed(70)) || (await followed(71))).toBe(true);
    terminal.type(CTRL_C);
    await terminal.waitFor("# ");
    terminal.type("exit 6\r");
    expect(await terminal.exited).toBe(6);
  });

  test("Ctrl-C interrupts the program and not the shell", async () => {
    await using terminal = shell();
    await terminal.waitFor("# ");
    terminal.type(SLEEP);
    await terminal.waitFor("up\r\n");
    terminal.type(CTRL_C);
    await terminal.waitFor("# ");
    terminal.type("echo code $?\r");
    await terminal.waitFor("code 130");
    terminal.type("exit\r");
    expect(await terminal.exited).toBe(0);
  });

  test("Ctrl-D ends the shell", async () => {
    await using terminal = shell();
    await terminal.waitFor("# ");
    terminal.type(CTRL_D);
    expect(await terminal.exited).toBe(0);
  });

  test.skipIf(!bash)("bash controls its jobs", async () => {
    await makeBashImage();
    await using terminal = open(["run", "-it", "--rm", "--network", "none", BASH_IMAGE, "bash", "--norc"]);
    await terminal.waitFor("# ");
    expect(terminal.output()).not.toContain("no job control");
    terminal.type(SLEEP);
    await terminal.waitFor("up\r\n");
    terminal.type(CTRL_Z);
    await terminal.waitFor(/\[1\]\+\s+Stopped/);
    terminal.type("bg\r");
    await terminal.waitFor(/\[1\]\+ sh -c .* &/);
    terminal.type("jobs\r");
    await terminal.waitFor(/\[1\]\+\s+Running/);
    terminal.type("fg\r");
    await terminal.waitFor(/\nsh -c .*\r\n/);
    terminal.type(CTRL_C);
    await terminal.waitFor("# ");
    terminal.type("exit 4\r");
    expect(await terminal.exited).toBe(4);
  });

  test("Ctrl-P Ctrl-Q detaches; attach comes back", async () => {
    const { docker } = harness;
    await using first = open(["run", "-it", "--name", "kept", TEST_IMAGE, "sh"]);
    await first.waitFor("# ");
    first.type("WORD=still; echo $WORD-here\r");
    await first.waitFor("still-here");
    first.type(CTRL_P + CTRL_Q);
    expect(await first.exited).toBe(0);
    expect((await docker(["inspect", "-f", "{{.State.Running}}", "kept"])).stdout).toBe("true\n");

    await using second = open(["attach", "kept"]);
    // The client makes the shell draw its prompt anew.
    await second.waitFor("# ");
    second.type("echo $WORD-there\r");
    await second.waitFor("still-there");
    second.type("exit 9\r");
    expect(await second.exited).toBe(9);
    expect((await docker(["wait", "kept"])).stdout).toBe("9\n");
    await docker(["rm", "kept"]);
  });

  test("Ctrl-P alone reaches the program", async () => {
    await using terminal = open([
      "run",
      "-it",
      "--rm",
      TEST_IMAGE,
      "sh",
      "-c",
      "stty raw -echo; echo ready; od -An -tx1 -N2",
    ]);
    await terminal.waitFor("ready");
    terminal.type(`${CTRL_P}x`);
    await terminal.waitFor("10 78");
    expect(await terminal.exited).toBe(0);
  });

  test("other keys detach where asked for", async () => {
    const { docker } = harness;
    await using terminal = open([
      "run",
      "-it",
      "--name",
      "own-keys",
      "--detach-keys",
      "ctrl-x,d",
      TEST_IMAGE,
      "sh",
    ]);
    await terminal.waitFor("# ");
    terminal.type("\x18d");
    expect(await terminal.exited).toBe(0);
    expect((await docker(["inspect", "-f", "{{.State.Running}}", "own-keys"])).stdout).toBe("true\n");
    await docker(["rm", "-f", "own-keys"]);
  });

  test("exec -it has a terminal of its own", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "--name", "host", TEST_IMAGE, "sleep", "1000"]);
    await using terminal = open(["exec", "-it", "host", "sh"], { columns: 77, rows: 22 });
    await terminal.waitFor("# ");
    terminal.type("tty; stty size\r");
    await terminal.waitFor(/\/dev\/pts\/\d+\r\n22 77/);
    terminal.resize(66, 11);
    terminal.type(SLEEP);
    await terminal.waitFor("up\r\n");
    terminal.type(CTRL_C);
    await terminal.waitFor("# ");
    terminal.type("stty size\r");
    await terminal.waitFor("11 66");
    terminal.type("exit 12\r");
    expect(await terminal.exited).toBe(12);
    await docker(["rm", "-f", "host"]);
  });

  test("a full screen of output arrives in order", async () => {
    await using terminal = open(["run", "-it", "--rm", TEST_IMAGE, "seq", "1", "20000"]);
    expect(await terminal.exited).toBe(0);
    const lines = terminal.output().split("\r\n").filter(Boolean);
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)));
  });

  test("a terminal cannot be had where there is none", async () => {
    const { stderr, code } = await harness.docker(["run", "-it", "--rm", TEST_IMAGE, "sh"]);
    expect([code, stderr]).toEqual([1, "the input device is not a TTY\n"]);
  });

  /** An image with this machine's bash and the libraries that it needs. */
  async function makeBashImage(): Promise<void> {
    const { engine, docker } = harness;
    const root = join(engine.directory, "busybox");
    const libraries = execFileSync("ldd", [bash!], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
    for (const file of [bash!, ...libraries]) {
      const target = join(root, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(file, target);
    }
    const tar = join(engine.directory, "bash.tar");
    await runOrThrow(["tar", "-C", root, "-cf", tar, "."]);
    await docker(["import", tar, BASH_IMAGE]);
  }
});

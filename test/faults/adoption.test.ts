import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TEST_IMAGE, useEngine } from "../api/harness.ts";
import { dockerProgram } from "../fixtures/docker-cli.ts";
import { startTerminal } from "../fixtures/terminal.ts";
import { expectResidue, takeResidue } from "./residue.ts";
import { untilTrue } from "./until.ts";

/** Goes on when the file is there: what comes after it is written while the test wants it to be. */
const waitFor = (file: string) => `until [ -e ${file} ]; do usleep 10000; done`;

/** Resolves once the process has ended; one that nobody has waited for yet has ended too. */
async function untilGone(pid: string): Promise<void> {
  await untilTrue(() => {
    try {
      return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      // No such process any more.
      return true;
    }
  });
}

describe("a new daemon takes over", () => {
  const harness = useEngine();
  const inspect = async (name: string, format: string) =>
    (await harness.docker(["inspect", "--type", "container", "--format", format, name])).stdout.trim();

  for (const end of ["stop", "crash"] as const) {
    const turnOff = () => (end === "stop" ? harness.engine.stop() : harness.engine.crash());

    test(`containers that run, after ${end}`, async () => {
      const { docker, engine } = harness;
      const name = `runs-${end}`;
      const script = `echo one; ${waitFor("/two")}; echo two; ${waitFor("/three")}; echo three; exit 7`;
      await docker([
        "run",
        "--detach",
        "--name",
        name,
        "-i",
        "-p",
        "127.0.0.1::80",
        TEST_IMAGE,
        "sh",
        "-c",
        script,
      ]);
      await docker([
        "exec",
        "--detach",
        name,
        "sh",
        "-c",
        "mkdir /www && echo page > /www/index.html && httpd -h /www",
      ]);
      const before = await inspect(
        name,
        "{{.State.Pid}} {{.State.StartedAt}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
      );
      const port = (await docker(["port", name, "80/tcp"])).stdout.trim();
      const pid = await inspect(name, "{{.State.Pid}}");
      await turnOff();
      // Written while nobody reads.
      await Bun.write(`/proc/${pid}/root/two`, "");
      await engine.restart();
      expect(
        await inspect(
          name,
          "{{.State.Pid}} {{.State.StartedAt}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        ),
      ).toBe(before);
      expect(
        (await docker(["ps", "--filter", `name=${name}`, "--format", "{{.Names}} {{.State}}"])).stdout,
      ).toBe(`${name} running\n`);
      expect((await docker(["port", name, "80/tcp"])).stdout.trim()).toBe(port);
      expect(await (await fetch(`http://${port}/`)).text()).toBe("page\n");
      const exec = await docker(["exec", "-i", name, "sh", "-c", "cat; exit 5"], { stdin: "to the exec" });
      expect(exec).toEqual({ stdout: "to the exec", stderr: "", code: 5 });
      const attached = docker(["attach", "--no-stdin", name]);
      const followed = docker(["logs", "--follow", name]);
      await docker(["exec", name, "touch", "/three"]);
      // How much of it came before the client was attached is not known; the end always comes after.
      expect((await attached).stdout).toEndWith("three\n");
      expect((await attached).code).toBe(7);
      expect((await followed).stdout).toBe("one\ntwo\nthree\n");
      expect(await inspect(name, "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 7");
    });

    test(`containers that ended while no daemon ran, after ${end}`, async () => {
      const { docker, engine } = harness;
      const before = await takeResidue(engine);
      const script = `echo start; ${waitFor("/go")}; echo end; exit 9`;
      const names = [`ends-${end}`, `goes-${end}`];
      await docker(["run", "--detach", "--name", names[0]!, TEST_IMAGE, "sh", "-c", script]);
      await docker(["run", "--detach", "--rm", "--name", names[1]!, TEST_IMAGE, "sh", "-c", script]);
      const pids = await Promise.all(names.map((name) => inspect(name, "{{.State.Pid}}")));
      await turnOff();
      for (const pid of pids) await Bun.write(`/proc/${pid}/root/go`, "");
      for (const pid of pids) await untilGone(pid);
      await engine.restart();
      expect((await docker(["wait", names[0]!])).stdout).toBe("9\n");
      expect(await inspect(names[0]!, "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 9");
      expect((await docker(["logs", names[0]!])).stdout).toBe("start\nend\n");
      await expectResidue(engine, before, [await inspect(names[0]!, "{{.Id}}")]);
      expect((await docker(["rm", names[0]!])).code).toBe(0);
      await expectResidue(engine, before);
    });

    test(`restart policies, after ${end}`, async () => {
      const { docker, engine } = harness;
      const policies = ["no", "on-failure", "unless-stopped", "always"];
      for (const policy of policies) {
        const name = `${policy}-${end}`;
        const run = ["run", "--detach", "--name", name, "--restart", policy, "--stop-signal", "KILL"];
        expect((await docker([...run, TEST_IMAGE, "sleep", "1000"])).code).toBe(0);
      }
      const stopped = `stopped-${end}`;
      const run = [
        "run",
        "--detach",
        "--name",
        stopped,
        "--restart",
        "unless-stopped",
        "--stop-signal",
        "KILL",
      ];
      await docker([...run, TEST_IMAGE, "sleep", "1000"]);
      await docker(["stop", stopped]);
      const pids = await Promise.all(policies.map((policy) => inspect(`${policy}-${end}`, "{{.State.Pid}}")));
      await turnOff();
      for (const pid of pids) process.kill(Number(pid), "SIGKILL");
      for (const pid of pids) await untilGone(pid);
      await engine.restart();
      await docker(["wait", `no-${end}`]);
      expect(await inspect(`no-${end}`, "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 137");
      for (const policy of policies.slice(1)) {
        await untilTrue(async () => (await inspect(`${policy}-${end}`, "{{.State.Status}}")) === "running");
        expect((await docker(["stop", `${policy}-${end}`])).code).toBe(0);
        expect(await inspect(`${policy}-${end}`, "{{.State.Status}}")).toBe("exited");
      }
      expect(await inspect(stopped, "{{.State.Status}}")).toBe("exited");
    });
  }

  test("a terminal is attached again", async () => {
    const { docker, engine } = harness;
    await docker(["run", "--detach", "-it", "--name", "terminal", TEST_IMAGE, "sh"]);
    await engine.crash();
    await engine.restart();
    const command = [dockerProgram, "-H", engine.host, "attach", "terminal"];
    await using session = startTerminal(command, { columns: 91, rows: 33 });
    // The monitor may read what is typed before it sets the size.
    session.type('until stty size | grep "33 91"; do :; done; exit 4\n');
    await session.waitFor("33 91");
    expect(await session.exited).toBe(4);
    expect(await inspect("terminal", "{{.State.ExitCode}}")).toBe("4");
  });
});

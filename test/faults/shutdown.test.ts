import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineIdOf } from "../../src/cmd/parts/engine-id.ts";
import { firewallTableName } from "../../src/drivers/firewall-nftables/mod.ts";
import { TEST_IMAGE, useEngine } from "../api/harness.ts";
import { cgroupParents } from "../fixtures/engine-traces.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { untilTrue } from "./until.ts";

const TIMEOUT_MS = 60_000;
/** Ends with 3 when it is asked to. */
/** Scripts that leave a mark once they are ready for signals. */
const OBEDIENT = "trap 'echo bye; exit 3' TERM; : > /up; while :; do sleep 0.1; done";
const STUBBORN = "trap '' TERM; : > /up; while :; do sleep 0.1; done";

describe("--live-restore=false", () => {
  const harness = useEngine({ flags: ["--live-restore=false", "--shutdown-timeout", "1"] });
  const inspect = async (name: string, format: string) =>
    (await harness.docker(["inspect", "--format", format, name])).stdout.trim();
  const state = (name: string) => inspect(name, "{{.State.Status}} {{.State.ExitCode}}");

  test(
    "who asks again does not cut it short",
    async () => {
      const { docker, engine } = harness;
      const run = ["run", "--detach", "--network", "none", "--name", "slow", "--stop-timeout", "1"];
      await docker([...run, TEST_IMAGE, "sh", "-c", STUBBORN]);
      process.kill(engine.pid(), "SIGINT");
      await untilTrue(() => engine.log().includes("shutting down"));
      process.kill(engine.pid(), "SIGINT");
      await engine.stop();
      await engine.restart();
      expect(await state("slow")).toBe("exited 137");
      await docker(["rm", "slow"]);
    },
    TIMEOUT_MS,
  );

  test(
    "containers are stopped, and started again as their policies say",
    async () => {
      const { docker, engine } = harness;
      expect((await docker(["info", "--format", "{{.LiveRestoreEnabled}}"])).stdout).toBe("false\n");
      const run = async (name: string, policy: string, script = OBEDIENT) => {
        await docker([
          ...["run", "--detach", "--network", "none", "--name", name, "--restart", policy],
          ...["--stop-timeout", "2", TEST_IMAGE, "sh", "-c", script],
        ]);
        await untilTrue(async () => (await docker(["exec", name, "test", "-e", "/up"])).code === 0);
      };
      const policies = ["no", "on-failure", "unless-stopped", "always"];
      for (const policy of policies) {
        await run(policy, policy);
        await run(`${policy}-stopped`, policy);
        expect((await docker(["stop", `${policy}-stopped`])).code).toBe(0);
      }
      await run("stubborn", "no", STUBBORN);
      await run("paused", "no");
      await docker(["pause", "paused"]);
      await docker(["run", "--detach", "--rm", "--name", "gone", TEST_IMAGE, "sh", "-c", OBEDIENT]);
      const always = ["run", "--detach", "--restart", "always"];
      await docker([...always, "--name", "linked", TEST_IMAGE, "sh", "-c", OBEDIENT]);
      await docker([...always, "--name", "linking", "--link", "linked", TEST_IMAGE, "sh", "-c", OBEDIENT]);
      const names = [...policies, "stubborn", "paused", "gone"];
      const pids = await Promise.all(names.map((name) => inspect(name, "{{.State.Pid}}")));
      await engine.stop();
      expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      await engine.restart();
      // Who has links comes after those that these lead to.
      for (const name of [
        ...policies.slice(1),
        "always-stopped",
        "on-failure-stopped",
        "linked",
        "linking",
      ]) {
        await untilTrue(async () => (await state(name)) === "running 0");
        expect(await inspect(name, "{{.RestartCount}}")).toBe("0");
      }
      expect(await state("no")).toBe("exited 3");
      expect((await docker(["logs", "no"])).stdout).toBe("bye\n");
      expect(await state("no-stopped")).toBe("exited 3");
      expect(await state("unless-stopped-stopped")).toBe("exited 3");
      expect(await state("stubborn")).toBe("exited 137");
      expect(await state("paused")).toBe("exited 3");
      expect((await docker(["inspect", "gone"])).code).toBe(1);
    },
    TIMEOUT_MS,
  );
});

describe("an engine beside the machine's own", () => {
  const harness = useEngine();
  const table = () => firewallTableName(engineIdOf(harness.engine.dataRoot));
  const traces = async () => {
    const id = engineIdOf(harness.engine.dataRoot);
    const { stdout } = await runCommand(["ip", "-o", "link", "show", "type", "bridge"]);
    const bridges = stdout.split("\n").filter((line) => line.includes(`gantry:${id}:`)).length;
    const { code } = await runCommand(["nft", "list", "table", "inet", table()]);
    const groups = cgroupParents(harness.engine.dataRoot).length > 0;
    return { bridges, hasTable: code === 0, groups };
  };

  test(
    "leaves bridges, rules and control groups only to what needs them",
    async () => {
      const { docker, engine } = harness;
      await docker(["network", "create", "idle"]);
      await docker(["run", "--detach", "--name", "goes-on", TEST_IMAGE, "sleep", "1000"]);
      await engine.stop();
      expect(await traces()).toEqual({ bridges: 1, hasTable: true, groups: true });
      await engine.restart();
      await docker(["rm", "--force", "goes-on"]);
      await runCommand(["nft", "add", "rule", "inet", table(), "user", "counter"]);
      await engine.stop();
      expect(await traces()).toEqual({ bridges: 0, hasTable: true, groups: false });
      await engine.restart();
      await runCommand(["nft", "flush", "chain", "inet", table(), "user"]);
      await engine.stop();
      expect(await traces()).toEqual({ bridges: 0, hasTable: false, groups: false });
      await engine.restart();
      const reach = ["run", "--rm", "--network", "idle", TEST_IMAGE, "ip", "route"];
      expect((await docker(reach)).stdout).toContain("default via");
      expect(await traces()).toEqual({ bridges: 2, hasTable: true, groups: true });
    },
    TIMEOUT_MS,
  );
});

describe("SIGHUP", () => {
  const folder = makeTempDir("config");
  afterAll(() => folder[Symbol.dispose]());
  const file = join(folder.path, "daemon.json");
  const configure = (config: object) => writeFileSync(file, JSON.stringify(config));
  configure({ "live-restore": true });
  const harness = useEngine({ flags: ["--config-file", file] });

  test(
    "reads the configuration again; what is wrong with it changes nothing",
    async () => {
      const { docker, engine } = harness;
      const info = async () =>
        (await docker(["info", "--format", "{{.LiveRestoreEnabled}} {{.Labels}} {{.Debug}}"])).stdout;
      expect(await info()).toBe("true [] false\n");
      configure({ "live-restore": false, labels: ["a=b"], debug: true, mtu: 1400 });
      process.kill(engine.pid(), "SIGHUP");
      await untilTrue(async () => (await info()) === "false [a=b] true\n");
      expect(engine.log()).toContain('"settings":["mtu"]');
      const until = (Date.now() / 1000).toFixed(3);
      const since = ["events", "--since", "1m", "--until", until, "--filter", "event=reload"];
      const { stdout } = await docker([...since, "--format", "{{json .Actor.Attributes}}"]);
      expect(JSON.parse(stdout)).toMatchObject({ labels: '["a=b"]', "live-restore": "false" });
      configure({ "live-restore": "often" });
      process.kill(engine.pid(), "SIGHUP");
      await untilTrue(() => engine.log().includes("the configuration stays as it was"));
      expect(await info()).toBe("false [a=b] true\n");
    },
    TIMEOUT_MS,
  );

  test(
    "changes runtimes, what containers are like by default, and who decides about requests",
    async () => {
      const { docker, engine } = harness;
      const wrapper = join(folder.path, "wrapper");
      const calls = join(folder.path, "calls");
      writeFileSync(wrapper, `#!/bin/sh\necho "$1" >> ${calls}\nshift\nexec crun "$@"\n`, { mode: 0o755 });
      configure({
        runtimes: { wrapped: { path: wrapper, runtimeArgs: ["--own"] } },
        "default-runtime": "wrapped",
        "default-shm-size": "3M",
      });
      process.kill(engine.pid(), "SIGHUP");
      const info = async (format: string) => (await docker(["info", "--format", format])).stdout.trim();
      await untilTrue(async () => (await info("{{.DefaultRuntime}}")) === "wrapped");
      expect(await info("{{json .Runtimes.wrapped}}")).toContain('"runtimeArgs":["--own"]');
      const { stdout } = await docker([...["run", "--rm", TEST_IMAGE], "df", "-k", "/dev/shm"]);
      expect(stdout).toContain(" 3072 ");
      expect(readFileSync(calls, "utf8")).toContain("--own");
      configure({ "default-runtime": "nowhere" });
      process.kill(engine.pid(), "SIGHUP");
      await untilTrue(() => engine.log().includes("specified default runtime 'nowhere' does not exist"));
      expect(await info("{{.DefaultRuntime}}")).toBe("wrapped");
      configure({ "authorization-plugins": ["nobody"] });
      process.kill(engine.pid(), "SIGHUP");
      await untilTrue(async () => (await docker(["version"])).code !== 0);
      expect((await docker(["ps"])).stderr).toContain("plugin nobody failed with error");
      configure({});
      process.kill(engine.pid(), "SIGHUP");
      await untilTrue(async () => (await docker(["version"])).code === 0);
      expect(await info("{{.DefaultRuntime}}")).toBe("crun");
    },
    TIMEOUT_MS,
  );
});

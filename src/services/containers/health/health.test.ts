import { expect, test } from "bun:test";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ExecProcess, ExitStatus, OutputChunk } from "../../../core/tasks/task-runtime.ts";
import type { HealthConfig } from "../../../spec/engine-api/mod.ts";
import { ContainersFixture, handleOf } from "../containers.fixture.ts";
import { checkHealthcheck, probeOf } from "./health-config.ts";
import { LimitedOutput } from "./limited-output.ts";
import { beginHealthMonitor, endHealthMonitor, resumeHealthMonitor } from "./monitor.ts";

const MS = 1_000_000;

/** Probes that end as the test says. */
class FakeProbes {
  readonly commands: string[][] = [];
  readonly killed: number[] = [];
  #exitCode = 0;
  #output = "";
  #hang = false;
  #started = Promise.withResolvers<void>();

  answer(exitCode: number, output = ""): void {
    this.#exitCode = exitCode;
    this.#output = output;
  }

  hang(output: string): void {
    this.#hang = true;
    this.#output = output;
  }

  /** Resolves when the next probe runs. */
  async started(): Promise<void> {
    await this.#started.promise;
    this.#started = Promise.withResolvers();
  }

  process(execId: string): ExecProcess {
    const exit = Promise.withResolvers<ExitStatus>();
    const status = (exitCode: number) => ({ exitCode, exitedAt: "", oomKilled: false });
    const hangs = this.#hang;
    const bytes = Buffer.from(this.#output);
    if (!hangs) exit.resolve(status(this.#exitCode));
    this.#started.resolve();
    async function* output(): AsyncGenerator<OutputChunk> {
      if (bytes.length > 0) yield { stream: "stdout", bytes };
      await exit.promise;
    }
    return {
      execId,
      pid: 1,
      attach: async () => ({
        output: output(),
        write: async () => {},
        closeStdin: async () => {},
        close() {},
        [Symbol.dispose]() {},
      }),
      resize: async () => {},
      kill: async (signal) => {
        this.killed.push(signal);
        exit.resolve(status(137));
      },
      wait: () => exit.promise,
      delete: async () => {},
    };
  }
}

function open(health: HealthConfig) {
  const probes = new FakeProbes();
  const fixture = new ContainersFixture({
    specs: {
      buildExec: async (
        _record: ContainerRecord,
        _rootfs: string,
        _running: object,
        { Cmd }: { Cmd: string[] },
      ) => {
        probes.commands.push(Cmd);
        return {};
      },
    } as never,
  });
  const { id } = fixture.add({ config: { Image: "image", Healthcheck: health } });
  fixture.run(id, {
    handle: handleOf(id, 7),
    exec: async ({ execId }) => probes.process(execId),
  });
  const { store } = fixture.parts;
  const stateOf = () => store.get(id)!.state.health;
  let changed = Promise.withResolvers<void>();
  const update = store.update.bind(store);
  store.update = (record) => {
    update(record);
    changed.resolve();
  };
  /** Lets one interval pass and waits for what the probe changed. */
  const tick = async (ms: number) => {
    changed = Promise.withResolvers();
    await fixture.timers.advance(ms);
    await changed.promise;
  };
  return { fixture, id, probes, stateOf, tick };
}

test("values that docker refuses", () => {
  expect(() => checkHealthcheck({ Interval: 500_000 })).toThrow(
    "Interval in Healthcheck cannot be less than 1ms",
  );
  expect(() => checkHealthcheck({ Timeout: -1 })).toThrow("Timeout in Healthcheck cannot be less than 1ms");
  expect(() => checkHealthcheck({ StartPeriod: 1 })).toThrow(
    "StartPeriod in Healthcheck cannot be less than 1ms",
  );
  expect(() => checkHealthcheck({ StartInterval: 1 })).toThrow(
    "StartInterval in Healthcheck cannot be less than 1ms",
  );
  expect(() => checkHealthcheck({ Retries: -1 })).toThrow("Retries in Healthcheck cannot be negative");
  expect(() => checkHealthcheck({ Interval: 0, Timeout: MS, Retries: 0 })).not.toThrow();
});

test("probes of the three kinds, with docker's defaults", () => {
  expect(probeOf({ Healthcheck: { Test: ["CMD", "a", "b"] } })).toEqual({
    command: ["a", "b"],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5_000,
    retries: 3,
  });
  expect(probeOf({ Healthcheck: { Test: ["CMD-SHELL", "a"] } })?.command).toEqual(["/bin/sh", "-c", "a"]);
  expect(probeOf({ Shell: ["/bin/bash", "-c"], Healthcheck: { Test: ["CMD-SHELL", "a"] } })?.command).toEqual(
    ["/bin/bash", "-c", "a"],
  );
  for (const health of [undefined, {}, { Test: [] }, { Test: ["NONE"] }, { Test: ["WHAT", "a"] }]) {
    expect(probeOf(health ? { Healthcheck: health } : {})).toBeUndefined();
  }
});

test("output beyond 4096 bytes is cut", () => {
  const output = new LimitedOutput();
  output.add(Buffer.alloc(4000, "a"));
  output.add(Buffer.alloc(200, "b"));
  output.add(Buffer.alloc(200, "c"));
  expect(output.text()).toBe(`${"a".repeat(4000)}${"b".repeat(96)}...`);
});

test("starting, healthy, failing, unhealthy, healthy again, with events", async () => {
  const { fixture, id, probes, stateOf, tick } = open({
    Test: ["CMD", "probe"],
    Interval: 1000 * MS,
    Retries: 2,
  });
  await using _ = fixture;
  beginHealthMonitor(fixture.parts, id);
  expect(stateOf()).toEqual({ Status: "starting", FailingStreak: 0, Log: [] });
  probes.answer(0, "fine");
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "healthy", Log: [{ ExitCode: 0, Output: "fine" }] });
  probes.answer(3, "bad");
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "healthy", FailingStreak: 1 });
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
  for (let round = 0; round < 4; round++) await tick(1000);
  expect(stateOf()!.Log).toHaveLength(5);
  probes.answer(0);
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "healthy", FailingStreak: 0 });
  expect(fixture.actions.filter((action) => action.startsWith("health_status"))).toEqual([
    "health_status: healthy",
    "health_status: unhealthy",
    "health_status: healthy",
  ]);
  expect(fixture.actions.slice(0, 2)).toEqual(["exec_create: probe ", "exec_start: probe "]);
  expect(probes.commands[0]).toEqual(["probe"]);
});

test("failures in the start period do not count, and probes come at the start interval", async () => {
  const { fixture, id, probes, stateOf, tick } = open({
    Test: ["CMD", "probe"],
    Interval: 60_000 * MS,
    StartPeriod: 2500 * MS,
    StartInterval: 1000 * MS,
    Retries: 1,
  });
  await using _ = fixture;
  beginHealthMonitor(fixture.parts, id);
  probes.answer(1);
  await tick(1000);
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "starting", FailingStreak: 0 });
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "unhealthy", FailingStreak: 1 });
  await tick(60_000);
  expect(stateOf()).toMatchObject({ FailingStreak: 2 });
});

test("a probe that takes too long is killed", async () => {
  const { fixture, id, probes, stateOf, tick } = open({
    Test: ["CMD", "probe"],
    Interval: 1000 * MS,
    Timeout: 1500 * MS,
  });
  await using _ = fixture;
  beginHealthMonitor(fixture.parts, id);
  probes.hang("so far");
  await fixture.timers.advance(1000);
  await probes.started();
  await tick(1500);
  expect(probes.killed).toEqual([9]);
  expect(stateOf()).toMatchObject({
    FailingStreak: 1,
    Log: [{ ExitCode: -1, Output: "Health check exceeded timeout (1.5s): so far" }],
  });
});

test("the end of a container ends its monitor; a new engine goes on from the stored health", async () => {
  const { fixture, id, probes, stateOf, tick } = open({ Test: ["CMD", "probe"], Interval: 1000 * MS });
  await using _ = fixture;
  beginHealthMonitor(fixture.parts, id);
  probes.answer(0);
  await tick(1000);
  fixture.parts.health.endAll();
  resumeHealthMonitor(fixture.parts, id);
  expect(stateOf()).toMatchObject({ Status: "healthy" });
  probes.answer(1);
  await tick(1000);
  expect(stateOf()).toMatchObject({ Status: "healthy", FailingStreak: 1 });
  endHealthMonitor(fixture.parts, id);
  expect(stateOf()).toMatchObject({ Status: "unhealthy" });
  await Promise.resolve();
  expect(fixture.timers.pending).toBe(0);
});

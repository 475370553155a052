import { expect, test } from "bun:test";
import type { CgroupStats } from "../../../os/linux/cgroup/cgroup.ts";
import { ContainersFixture, handleOf } from "../containers.fixture.ts";
import { type Meters, parseHostCpu, parseInterfaces } from "./host-meters.ts";
import { readStats } from "./stats.ts";

function statsOf(totalNs: number, limitBytes?: number): CgroupStats {
  return {
    memory: {
      usageBytes: 1000,
      limitBytes,
      maxUsageBytes: 2000,
      swapBytes: 0,
      failCount: 0,
      counters: new Map([["cache", 10]]),
    },
    cpu: {
      totalNs,
      userNs: 1,
      systemNs: 2,
      perCpuNs: [totalNs],
      periods: 0,
      throttledPeriods: 0,
      throttledNs: 0,
    },
    pids: { current: 3, limit: undefined },
    io: [{ major: 8, minor: 0, readBytes: 1, writeBytes: 2, readOperations: 3, writeOperations: 4 }],
  };
}

class FakeMeters implements Meters {
  readonly hostMemoryBytes = 1_000_000;
  isCgroupV2 = false;
  readings = 0;
  gone = false;

  hostCpu() {
    return { totalNs: 5000, online: 2 };
  }

  cgroup() {
    return this.gone ? undefined : statsOf(++this.readings * 100);
  }

  interfaces() {
    return parseInterfaces("eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n");
  }
}

function open(meters = new FakeMeters()) {
  const fixture = new ContainersFixture({ meters });
  const { id, name } = fixture.add();
  const signal = new AbortController();
  const read = (stream: boolean, oneShot = false) =>
    readStats(fixture.parts, id, { stream, oneShot, signal: signal.signal });
  return { fixture, id, name, meters, read, signal };
}

test("processor time and interfaces of the kernel's texts", () => {
  const cpu = parseHostCpu("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1\ncpu1 1 1 1\nintr 5\n");
  expect(cpu).toEqual({ totalNs: 280_000_000, online: 2 });
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:12345678      10    1    2    0     0          0         0     2345      20    3    4    0     0       0          0
`;
  expect(parseInterfaces(text)).toEqual({
    eth0: {
      rx_bytes: 12345678,
      rx_packets: 10,
      rx_errors: 1,
      rx_dropped: 2,
      tx_bytes: 2345,
      tx_packets: 20,
      tx_errors: 3,
      tx_dropped: 4,
    },
  });
});

test("without a stream, two readings a second apart; with one-shot, one", async () => {
  const { fixture, id, name, read } = open();
  await using _ = fixture;
  fixture.run(id, { handle: handleOf(id, 7) });
  const iterator = (await read(false))[Symbol.asyncIterator]();
  const next = iterator.next();
  await fixture.timers.advance(1000);
  const { value } = await next;
  expect(value).toMatchObject({
    id,
    name: `/${name}`,
    pids_stats: { current: 3 },
    cpu_stats: {
      cpu_usage: { total_usage: 200, percpu_usage: [200] },
      system_cpu_usage: 5000,
      online_cpus: 2,
    },
    precpu_stats: { cpu_usage: { total_usage: 100 } },
    memory_stats: { usage: 1000, max_usage: 2000, limit: 1_000_000, stats: { cache: 10 } },
    networks: { eth0: { rx_bytes: 1, tx_bytes: 5 } },
  });
  expect(value.preread).not.toBe(value.read);
  expect(value.blkio_stats.io_serviced_recursive).toEqual([
    { major: 8, minor: 0, op: "Read", value: 3 },
    { major: 8, minor: 0, op: "Write", value: 4 },
  ]);
  expect((await iterator.next()).done).toBe(true);
  const once = await Array.fromAsync(await read(false, true));
  expect(once).toHaveLength(1);
  expect(once[0]!.precpu_stats.cpu_usage.total_usage).toBe(0);
});

test("on v2, docker's shorter lists", async () => {
  const meters = new FakeMeters();
  meters.isCgroupV2 = true;
  const { fixture, id, read } = open(meters);
  await using _ = fixture;
  fixture.run(id, { handle: handleOf(id, 7) });
  const [sample] = await Array.fromAsync(await read(false, true));
  expect(sample!.blkio_stats).toMatchObject({
    io_service_bytes_recursive: [
      { op: "read", value: 1 },
      { op: "write", value: 2 },
    ],
    io_serviced_recursive: null,
  });
});

test("a container that does not run has zeros", async () => {
  const { fixture, id, read } = open();
  await using _ = fixture;
  const samples = await Array.fromAsync(await read(false));
  expect(samples).toMatchObject([
    { id, read: "0001-01-01T00:00:00Z", memory_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } },
  ]);
});

test("a stream goes on through an end and stops with the removal", async () => {
  const { fixture, id, meters, read } = open();
  await using _ = fixture;
  fixture.run(id, { handle: handleOf(id, 7) });
  const iterator = (await read(true))[Symbol.asyncIterator]();
  const first = (await iterator.next()).value;
  expect(first).toMatchObject({
    preread: "0001-01-01T00:00:00Z",
    cpu_stats: { cpu_usage: { total_usage: 100 } },
  });
  meters.gone = true;
  const second = iterator.next();
  await fixture.timers.advance(1000);
  expect((await second).value).toMatchObject({
    read: "0001-01-01T00:00:00Z",
    precpu_stats: { cpu_usage: { total_usage: 100 } },
  });
  const third = iterator.next();
  fixture.parts.store.remove(id);
  fixture.parts.live.announceRemoval(id);
  expect((await third).done).toBe(true);
  expect(fixture.timers.pending).toBe(0);
});

test("nothing is left of a reader that goes", async () => {
  const { fixture, id, read, signal } = open();
  await using _ = fixture;
  fixture.run(id, { handle: handleOf(id, 7) });
  const iterator = (await read(true))[Symbol.asyncIterator]();
  await iterator.next();
  const next = iterator.next();
  signal.abort();
  expect((await next).done).toBe(true);
  expect(fixture.timers.pending).toBe(0);
});

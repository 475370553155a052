import { describe, expect, test } from "bun:test";
import type { EngineEvent } from "../../../core/events/event-log.ts";
import type { SystemInfo } from "../../../spec/engine-api/mod.ts";
import { Channel, iterate } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import { since, VERSIONS } from "../../testing/versions.ts";
import type { DiskUsageReport, EventsOptions, SystemBackend } from "./backend.ts";

const serve = (system: Partial<SystemBackend>) => TestServer.start({ system });

describe("events", () => {
  const event = (type: EngineEvent["type"], action: string): EngineEvent => ({
    type,
    action,
    actor: { id: "abc", attributes: { image: "busybox" } },
    timeNs: 1_700_000_000_123_456_789n,
  });

  test("shape and content type of each version", async () => {
    await using server = await serve({
      events: async () =>
        iterate([event("container", "start"), event("image", "create"), event("network", "create")]),
    });
    const found = [];
    const types = [];
    for (const version of VERSIONS) {
      const answer = await server.request("GET", `/v${version}/events`);
      types.push(answer.headers["content-type"]);
      expect(answer.text).toContain('"timeNano":1700000000123456789');
      found.push(
        answer.text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
      );
    }
    expect(types).toEqual(since("1.52", "application/json", "application/jsonl"));
    expect(found.map((events) => events.length)).toEqual(since("1.46", 2, 3));
    expect(found.map((events) => [events[0].status, events[0].id, events[0].from])).toEqual(
      since("1.52", ["start", "abc", "busybox"], [undefined, undefined, undefined]),
    );
    expect(found.map((events) => events.at(-1).status)).toEqual(since("1.24", "create", undefined));
  }, 10_000);

  test("content negotiation", async () => {
    await using server = await serve({ events: async () => iterate([event("volume", "create")]) });
    const ask = (accept: string) => server.request("GET", "/events", { headers: { Accept: accept } });
    const sequence = await ask("application/x-ndjson;q=0.5, application/json-seq");
    expect(sequence.headers["content-type"]).toBe("application/json-seq");
    expect(sequence.text).toStartWith('\u001e{"Type":"volume"');
    expect((await ask("application/x-ndjson")).headers["content-type"]).toBe("application/x-ndjson");
    expect((await ask("*/*")).headers["content-type"]).toBe("application/jsonl");
  });

  test("the head goes out before anything happens", async () => {
    const events = new Channel<EngineEvent>();
    const asked: EventsOptions[] = [];
    await using server = await serve({
      events: async (options) => {
        asked.push(options);
        return events;
      },
    });
    const filters = encodeURIComponent('{"type":["container"]}');
    const answer = await server.open("GET", `/events?since=10&until=20.5&filters=${filters}`);
    expect(answer.statusCode).toBe(200);
    events.end();
    expect(await Array.fromAsync(answer)).toEqual([]);
    expect(asked[0]).toMatchObject({
      sinceNs: 10_000_000_000n,
      untilNs: 20_500_000_000n,
      filters: new Map([["type", ["container"]]]),
    });
    const bad = await server.request("GET", "/events?since=20&until=10");
    expect([bad.status, bad.body.message]).toEqual([
      400,
      "`since` time (20) cannot be after `until` time (10)",
    ]);
  });
});

test("info", async () => {
  const info = {
    Runtimes: { crun: { path: "crun", status: { a: "b" } } },
    RegistryConfig: {},
    ContainerdCommit: { ID: "1" },
    RuncCommit: { ID: "2" },
    InitCommit: { ID: "3" },
    FirewallBackend: { Driver: "nftables" },
    DiscoveredDevices: [],
    NRI: {},
    Containerd: {},
    KernelMemoryTCP: false,
  } as unknown as SystemInfo;
  await using server = await serve({ info: async () => info });
  const found: SystemInfo[] = [];
  for (const version of VERSIONS) found.push((await server.request("GET", `/v${version}/info`)).body);
  expect(found.map((each) => each.Runtimes["crun"]!.status)).toEqual(since("1.44", undefined, { a: "b" }));
  expect(found.map((each) => each.Containerd)).toEqual(since("1.46", undefined, {}));
  expect(found.map((each) => each.FirewallBackend?.Driver)).toEqual(since("1.49", undefined, "nftables"));
  expect(found.map((each) => each.RuncCommit.Expected)).toEqual(since("1.49", "2", undefined));
  expect(found.map((each) => each.BridgeNfIptables)).toEqual(since("1.50", false, undefined));
  expect(found.map((each) => each.KernelMemoryTCP)).toEqual(since("1.52", false, undefined));
  expect(found.map((each) => each.NRI)).toEqual(since("1.53", undefined, {}));
});

describe("disk usage", () => {
  const usage = <Item>(Items: Item[]) => ({
    ActiveCount: 1,
    TotalCount: 1,
    Reclaimable: 2,
    TotalSize: 3,
    Items,
  });
  const report = {
    images: usage([{ Size: 3 }]),
    volumes: usage([]),
    buildCache: usage([{ ID: "c", Parents: ["p"] }]),
  } as unknown as DiskUsageReport;

  test("lists, then sums with lists, then sums", async () => {
    await using server = await serve({ diskUsage: async () => report });
    const keys = [];
    for (const version of VERSIONS) {
      keys.push(Object.keys((await server.request("GET", `/v${version}/system/df`)).body).sort());
    }
    const lists = ["BuildCache", "Images", "LayersSize", "Volumes"];
    const sums = ["BuildCacheUsage", "ImageUsage", "VolumeUsage"];
    const withBuilderSize = ["BuildCache", "BuilderSize", "Images", "LayersSize", "Volumes"];
    expect(keys).toEqual(
      VERSIONS.map((version) => {
        if (Number(version) < 1.42) return withBuilderSize;
        return Number(version) < 1.52 ? lists : [...lists, ...sums].sort();
      }),
    );
    const old = await server.request("GET", "/v1.41/system/df");
    expect([old.body.Images[0].VirtualSize, old.body.BuildCache[0].Parent]).toEqual([3, "p"]);
    const verbose = await server.request("GET", "/v1.52/system/df?verbose=1");
    expect(Object.keys(verbose.body).sort()).toEqual(sums);
    expect(verbose.body.ImageUsage.Items).toHaveLength(1);
  });

  test("kinds", async () => {
    const asked: unknown[] = [];
    await using server = await serve({
      diskUsage: async ({ kinds }) => {
        asked.push(kinds);
        return {};
      },
    });
    await server.request("GET", "/v1.41/system/df?type=image");
    await server.request("GET", "/system/df?type=image&type=volume");
    expect(asked).toEqual([
      ["container", "image", "volume", "build-cache"],
      ["image", "volume"],
    ]);
    const bad = await server.request("GET", "/system/df?type=shoes");
    expect([bad.status, bad.body.message]).toEqual([400, "unknown object type: shoes"]);
  });
});

test("auth", async () => {
  await using server = await serve({
    login: async (credentials) => ({ Status: "Login Succeeded", IdentityToken: credentials.username ?? "" }),
  });
  const answer = await server.request("POST", "/auth", { body: { username: "u", extra: 1 } });
  expect([answer.status, answer.body]).toEqual([200, { Status: "Login Succeeded", IdentityToken: "u" }]);
});

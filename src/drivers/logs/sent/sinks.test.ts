import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import type { LogDriver, LogOptions } from "../../../core/logs/log-driver.ts";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import { O_CLOEXEC, OwnedFd, readFd } from "../../../os/linux/fd.ts";
import { bindSocket, socket } from "../../../os/linux/libc.ts";
import { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { openUnixAddress } from "../../../os/linux/reactor/unix-address.ts";
import { check } from "../../../os/linux/syscall-error.ts";
import { entryOf, sourceOf, timeAt } from "../logs.fixture.ts";
import { FluentdDriver } from "./fluentd-driver.ts";
import { GelfDriver } from "./gelf-driver.ts";
import { JournaldDriver } from "./journald-driver.ts";
import { packEventTime, packMap, packString, packUint32 } from "./msgpack.ts";
import { listenUdp, SinkServer } from "./sinks.fixture.ts";
import { SyslogDriver } from "./syslog-driver.ts";

const reactor = Reactor.start();
const directory = mkdtempSync(join(tmpdir(), "sinks-"));
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await reactor.stop();
});

const STOP = new AbortController().signal;
const PAIR: readonly LogEntry[] = [
  entryOf("out\n"),
  entryOf("err\n", { stream: "stderr", timeNs: timeAt(1) }),
];

function open(driver: LogDriver, options: LogOptions) {
  driver.validate(options);
  return driver.openSink!(sourceOf({ options }));
}

/** A bound SOCK_DGRAM socket. */
function bindDatagrams(path: string): OwnedFd {
  using address = openUnixAddress(path);
  const fd = new OwnedFd(check("socket", socket(1, 2 | O_CLOEXEC, 0)));
  check("bind", bindSocket(fd.fd, address.bytes, address.bytes.byteLength), path);
  return fd;
}

function receive(fd: OwnedFd): string {
  const bytes = new Uint8Array(65_536);
  return Buffer.from(bytes.buffer, 0, readFd(fd.fd, bytes)).toString();
}

describe("syslog", () => {
  const driver = new SyslogDriver(reactor);

  test("RFC 5424 over TCP, with a tag of one's own", async () => {
    await using server = await SinkServer.listen({ port: 0 });
    await using sink = open(driver, {
      "syslog-address": `tcp://127.0.0.1:${server.port}`,
      "syslog-facility": "local3",
      "syslog-format": "rfc5424micro",
      tag: "{{.ImageName}}/{{.Name}}",
    });
    expect(await sink.write(PAIR, STOP)).toBe(2);
    const text = (await server.until((received) => received.includes("err\n"))).toString();
    const [first, second] = text.split("\n") as [string, string];
    expect(first).toMatch(
      /^<158>1 2026-01-02T\d\d:\d\d:05\.123456(Z|[+-]\d\d:\d\d) \S+ shop:1\/web \d+ shop:1\/web - out$/,
    );
    expect(second).toMatch(/^<155>1 .* - err$/);
  });

  test("RFC 3164 over UDP", async () => {
    await using server = await listenUdp();
    await using sink = open(driver, {
      "syslog-address": `udp://127.0.0.1:${server.port}`,
      "syslog-format": "rfc3164",
    });
    await sink.write(PAIR, STOP);
    expect((await server.next()).toString()).toMatch(
      /^<30>Jan {2}2 \d\d:\d\d:05 \S+ 0123456789ab\[\d+\]: out\n$/,
    );
  });

  test("datagrams of a unix socket", async () => {
    const path = join(directory, "log");
    using server = bindDatagrams(path);
    await using sink = open(driver, { "syslog-address": `unixgram://${path}` });
    await sink.write(PAIR, STOP);
    expect(receive(server)).toMatch(/^<30>Jan {2}2 \d\d:\d\d:05 0123456789ab\[\d+\]: out\n$/);
  });

  test("after the peer has gone the next one gets everything again", async () => {
    const path = join(directory, "stream");
    const first = await SinkServer.listen({ path });
    await using sink = open(driver, { "syslog-address": `unix://${path}` });
    await sink.write(PAIR, STOP);
    await first.until((received) => received.includes("err\n"));
    await first[Symbol.asyncDispose]();
    await expect(
      (async () => {
        // The write that finds the connection broken may be the one after the peer's end.
        for (;;) await sink.write(PAIR, STOP);
      })(),
    ).rejects.toThrow();
    await using second = await SinkServer.listen({ path });
    await sink.write(PAIR, STOP);
    await second.until((received) => received.includes("err\n"));
  });

  test.each([
    [{ x: "1" }, "unknown log opt 'x' for syslog log driver"],
    [{ "syslog-address": "host" }, "syslog-address should be in form proto://address, got host"],
    [{ "syslog-address": "unix:///no/such" }, "stat /no/such: no such file or directory"],
    [{ "syslog-facility": "24" }, "invalid syslog facility"],
    [{ "syslog-format": "x" }, "Invalid syslog format"],
    [{ tag: "{{.Name" }, "template:"],
  ])("%j is refused", (options: Record<string, string>, message) =>
    expect(() => driver.validate(options)).toThrow(message),
  );
});

describe("gelf", () => {
  const driver = new GelfDriver(reactor);

  test.each([
    ["gzip", gunzipSync],
    ["zlib", inflateSync],
    ["none", (bytes: Buffer) => bytes],
  ] as const)("over UDP with %s", async (compression, unpack) => {
    await using server = await listenUdp();
    await using sink = open(driver, {
      "gelf-address": `udp://127.0.0.1:${server.port}`,
      "gelf-compression-type": compression,
      labels: "team",
    });
    await sink.write([entryOf("\n"), ...PAIR], STOP);
    expect(JSON.parse(unpack(await server.next()).toString())).toEqual({
      version: "1.1",
      host: expect.any(String),
      short_message: "out",
      timestamp: Number(timeAt(0) / 1_000_000n) / 1000,
      level: 6,
      _container_id: sourceOf().containerId,
      _container_name: "web",
      _image_id: sourceOf().imageId,
      _image_name: "shop:1",
      _command: "/bin/serve --all",
      _tag: "0123456789ab",
      _created: "2026-01-02T03:04:00Z",
      _team: "blue",
    });
    expect(JSON.parse(unpack(await server.next()).toString()).level).toBe(3);
  });

  test("a long message comes in chunks", async () => {
    await using server = await listenUdp();
    await using sink = open(driver, {
      "gelf-address": `udp://127.0.0.1:${server.port}`,
      "gelf-compression-type": "none",
    });
    await sink.write([entryOf(`${"x".repeat(5000)}\n`)], STOP);
    const first = await server.next();
    expect(first.subarray(0, 2).toString("hex")).toBe("1e0f");
    const chunks = [first];
    while (chunks.length < first[11]!) chunks.push(await server.next());
    const whole = Buffer.concat(chunks.sort((a, b) => a[10]! - b[10]!).map((chunk) => chunk.subarray(12)));
    expect(JSON.parse(whole.toString()).short_message).toBe("x".repeat(5000));
  });

  test("over TCP each message ends in a NUL", async () => {
    await using server = await SinkServer.listen({ port: 0 });
    await using sink = open(driver, { "gelf-address": `tcp://127.0.0.1:${server.port}` });
    await sink.write(PAIR, STOP);
    const received = await server.until((bytes) => bytes.filter((byte) => byte === 0).length === 2);
    expect(
      received
        .toString()
        .split("\0")
        .slice(0, 2)
        .map((text) => JSON.parse(text).short_message),
    ).toEqual(["out", "err"]);
  });

  test.each([
    [{}, "gelf-address is a required parameter"],
    [{ "gelf-address": "udp://h" }, "gelf: please provide gelf-address as proto://host:port"],
    [{ "gelf-address": "unix:///x" }, "gelf: endpoint needs to be TCP or UDP"],
    [
      { "gelf-address": "tcp://h:1", "gelf-compression-type": "gzip" },
      "compression is only supported on UDP",
    ],
    [
      { "gelf-address": "udp://h:1", "gelf-tcp-max-reconnect": "1" },
      '"gelf-tcp-max-reconnect" is only valid for TCP',
    ],
    [{ "gelf-address": "udp://h:1", x: "1" }, 'unknown log opt "x" for gelf log driver'],
  ])("%j is refused", (options: Record<string, string>, message) =>
    expect(() => driver.validate(options)).toThrow(message),
  );
});

describe("fluentd", () => {
  const driver = new FluentdDriver();
  const record = (source: string, log: string, extra: [string, string][] = []) =>
    packMap(
      new Map([
        ["container_id", sourceOf().containerId],
        ["container_name", "/web"],
        ["source", source],
        ["log", log],
        ...extra,
      ]),
    );

  test("messages with seconds", async () => {
    await using server = await SinkServer.listen({ port: 0 });
    await using sink = open(driver, { "fluentd-address": `127.0.0.1:${server.port}`, tag: "t.{{.Name}}" });
    await sink.write([PAIR[0]!], STOP);
    const expected = Buffer.concat([
      Buffer.from([0x93]),
      packString("t.web"),
      packUint32(Number(timeAt(0) / 1_000_000_000n)),
      record("stdout", "out"),
    ]);
    expect(await server.until((bytes) => bytes.byteLength >= expected.byteLength)).toEqual(expected);
  });

  test("sub-second times and acknowledgements; what is not confirmed is not taken", async () => {
    await using server = await SinkServer.listen({ port: 0 });
    await using sink = open(driver, {
      "fluentd-address": `tcp://127.0.0.1:${server.port}`,
      "fluentd-sub-second-precision": "true",
      "fluentd-request-ack": "true",
      "fluentd-read-timeout": "2s",
    });
    let confirmed = "";
    server.answer = (peer) => {
      const text = server.received.toString("latin1");
      const chunk = /chunk.([A-Za-z0-9+/=]{24})$/.exec(text)?.[1];
      if (chunk) peer.write(packMap(new Map([["ack", confirmed || chunk]])));
    };
    expect(await sink.write(PAIR, STOP)).toBe(1);
    expect(server.received.includes(packEventTime(timeAt(0)))).toBe(true);
    confirmed = "somebody else's chunk...";
    await expect(sink.write(PAIR, STOP)).rejects.toThrow("confirmed another message");
  });

  test("parts are marked", async () => {
    await using server = await SinkServer.listen({ port: 0 });
    await using sink = open(driver, { "fluentd-address": `127.0.0.1:${server.port}` });
    const part = { id: "abc", ordinal: 1, last: false };
    await sink.write([entryOf("x", { partial: true, part })], STOP);
    const marks: [string, string][] = [
      ["partial_message", "true"],
      ["partial_id", "abc"],
      ["partial_ordinal", "1"],
      ["partial_last", "false"],
    ];
    await server.until((bytes) => bytes.includes(record("stdout", "x", marks)));
  });

  test.each([
    [{ x: "1" }, "unknown log opt 'x' for fluentd log driver"],
    [{ "fluentd-address": "udp://h:1" }, "invalid fluentd-address udp://h:1"],
    [{ "fluentd-retry-wait": "5" }, 'time: invalid duration "5"'],
    [{ "fluentd-async": "si" }, 'strconv.ParseBool: parsing "si": invalid syntax'],
  ])("%j is refused", (options: Record<string, string>, message) =>
    expect(() => driver.validate(options)).toThrow(message),
  );
});

describe("journald", () => {
  test("fields of the native protocol", async () => {
    const path = join(directory, "journal");
    using server = bindDatagrams(path);
    const driver = new JournaldDriver(reactor, path);
    await using sink = open(driver, { "labels-regex": "^com" });
    await sink.write([PAIR[1]!], STOP);
    const fields = Object.fromEntries(
      receive(server)
        .trim()
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    );
    expect(fields).toMatchObject({
      CONTAINER_ID: "0123456789ab",
      CONTAINER_NAME: "web",
      CONTAINER_TAG: "0123456789ab",
      IMAGE_NAME: "shop:1",
      COM_SHOP_TIER: "front",
      PRIORITY: "3",
      MESSAGE: "err",
    });
  });

  test("without a journal it is refused", () =>
    expect(() => new JournaldDriver(reactor, join(directory, "none")).validate({})).toThrow(
      "journald is not enabled on this host",
    ));
});

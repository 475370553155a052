import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace, deleteNetworkNamespace } from "../namespace.ts";
import * as nft from "./mod.ts";

const directory = mkdtempSync(join(tmpdir(), "gantry-nftables-"));
const namespace = join(directory, "ns");
createNetworkNamespace(namespace);
const rules = nft.Nftables.open({ namespace });

afterAll(async () => {
  await rules.close();
  await rules.close();
  deleteNetworkNamespace(namespace);
  rmSync(directory, { recursive: true });
});

const table = { family: "inet", name: "gantry-test" } as const;

function key(port: number): nft.NftText {
  return nft.concat(nft.protocol("tcp"), nft.port(port));
}

function target(port: number): nft.NftText {
  return nft.concat(nft.address("172.17.0.2"), nft.port(port));
}

async function build(): Promise<void> {
  await rules.run(
    nft.joinCommands([
      ...nft.deleteTable(table),
      nft.addTable(table),
      nft.addMap(table, "portmap", {
        key: ["inet_proto", "inet_service"],
        value: ["ipv4_addr", "inet_service"],
      }),
      nft.addMap(table, "dispatch", { key: ["ifname"], value: "verdict", comment: "by bridge" }),
      nft.addSet(table, "nets", { key: ["ipv4_addr"], interval: true }),
      nft.addChain(table, "user"),
      nft.addChain(table, "pre", { type: "nat", hook: "prerouting", priority: -100 }),
      nft.addChain(table, "forwarded", { type: "filter", hook: "forward", priority: 0, policy: "drop" }),
      nft.addRule(
        table,
        "pre",
        nft.nft`fib daddr type local meta nfproto ipv4 dnat ip to meta l4proto . th dport map ${nft.reference("portmap")}`,
        "published",
      ),
      nft.addRule(
        table,
        "forwarded",
        nft.nft`iifname ${nft.linkNamePrefix("br-")} ${nft.toChain("jump", "user")}`,
      ),
      nft.addRule(
        table,
        "forwarded",
        nft.nft`tcp dport ${nft.anonymousSet([nft.port(80), nft.portRange(90, 99)])} accept`,
      ),
      nft.addElements(table, "dispatch", [
        { key: nft.linkName("docker0"), value: nft.toChain("goto", "user"), comment: "d" },
      ]),
      nft.addElements(table, "nets", [
        { key: nft.network("10.0.0.0/8") },
        { key: nft.addressRange("192.0.2.1", "192.0.2.9") },
      ]),
      nft.addElements(table, "portmap", [{ key: key(8080), value: target(80), comment: "web" }]),
    ]),
  );
}

test("a table is made, listed, changed and deleted, in its own namespace only", async () => {
  await build();
  await build();
  const text = await rules.run("list table inet gantry-test");
  expect(text).toContain('tcp . 8080 comment "web" : 172.17.0.2 . 80');
  expect(text).toContain('"docker0" comment "d" : goto user');
  expect(text).toContain("192.0.2.1-192.0.2.9");
  expect(text).toContain('dnat ip to meta l4proto . th dport map @portmap comment "published"');
  expect(text).toContain('iifname "br-*" jump user');

  const objects = (await rules.listTable("inet", "gantry-test"))!;
  expect(objects.filter((object) => "chain" in object)).toHaveLength(3);
  expect(objects.filter((object) => "rule" in object)).toHaveLength(3);
  await using own = nft.Nftables.open();
  expect(await own.listTable("inet", "gantry-test")).toBeUndefined();

  await rules.run(nft.deleteElements(table, "portmap", [key(8080)]));
  expect(await rules.run("list map inet gantry-test portmap")).not.toContain("8080");
  await rules.run(nft.joinCommands(nft.deleteTable(table)));
  await rules.run(nft.joinCommands(nft.deleteTable(table)));
  expect(await rules.listTable("inet", "gantry-test")).toBeUndefined();
});

test("a transaction is all or nothing, and its refusal says why", async () => {
  await build();
  const clash = nft.joinCommands([
    nft.addElements(table, "portmap", [{ key: key(9000), value: target(90) }]),
    nft.addElements(table, "portmap", [{ key: key(8080), value: target(81) }]),
  ]);
  const refused = await rules.run(clash).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(nft.NftablesError);
  expect(refused).toMatchObject({ code: "EEXIST", commands: clash });
  expect(await rules.run("list map inet gantry-test portmap")).not.toContain("9000");
  await expect(rules.run(nft.deleteElements(table, "portmap", [key(1)]))).rejects.toMatchObject({
    code: "ENOENT",
  });
  await expect(rules.run("no such command")).rejects.toMatchObject({
    code: "EINVAL",
    message: expect.stringContaining("syntax error"),
  });
  // The error of one run must not turn up in the next.
  expect(await rules.run("list tables")).toContain("table inet gantry-test");
});

test("a large transaction leaves the event loop free, and contexts take turns", async () => {
  await build();
  const elements = Array.from({ length: 20_000 }, (_, i) => ({ key: key(20_000 + i), value: target(80) }));
  let ticks = 0;
  const ticker = setInterval(() => ticks++, 1);
  try {
    const large = rules.run(nft.addElements(table, "portmap", elements));
    await using other = nft.Nftables.open({ namespace });
    const small = other.run(nft.addElements(table, "portmap", [{ key: key(9), value: target(9) }]));
    const startMs = performance.now();
    await large;
    console.log(`20,000 elements: ${(performance.now() - startMs).toFixed(0)} ms, ${ticks} ticks meanwhile`);
    expect(ticks).toBeGreaterThan(5);
    await small;
  } finally {
    clearInterval(ticker);
  }
  const text = await rules.run("list map inet gantry-test portmap");
  expect(text.match(/ : 172\.17\.0\.2/g)).toHaveLength(20_002);
});

test("nothing runs in a closed context", async () => {
  const context = nft.Nftables.open({ namespace });
  await context.close();
  await expect(context.run("list tables")).rejects.toThrow("closed");
});

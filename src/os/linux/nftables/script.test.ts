import { expect, test } from "bun:test";
import * as e from "./expression.ts";
import * as s from "./script.ts";

const table = { family: "inet", name: "gantry" } as const;

test("a table for published ports, as text", () => {
  const text = s.joinCommands([
    ...s.deleteTable(table),
    s.addTable(table),
    s.addChain(table, "prerouting", { type: "nat", hook: "prerouting", priority: -100 }),
    s.addChain(table, "forward", { type: "filter", hook: "forward", priority: 0, policy: "drop" }),
    s.addChain(table, "user"),
    s.addMap(table, "portmap", {
      key: ["inet_proto", "inet_service"],
      value: ["ipv4_addr", "inet_service"],
      interval: true,
      comment: "published ports",
    }),
    s.addMap(table, "dispatch", { key: ["ifname"], value: "verdict" }),
    s.addSet(table, "local", { key: ["ipv4_addr"], interval: true }),
    s.addElements(table, "portmap", [
      {
        key: e.concat(e.protocol("tcp"), e.port(8080)),
        value: e.concat(e.address("172.17.0.2"), e.port(80)),
        comment: "web",
      },
    ]),
    s.addElements(table, "dispatch", [{ key: e.linkName("docker0"), value: e.toChain("jump", "user") }]),
    s.addElements(table, "local", [
      { key: e.network("10.0.0.0/8") },
      { key: e.addressRange("192.0.2.1", "192.0.2.9") },
    ]),
    s.addRule(
      table,
      "prerouting",
      e.nft`fib daddr type local dnat ip to meta l4proto . th dport map ${e.reference("portmap")}`,
      "ports",
    ),
    s.insertRule(
      table,
      "forward",
      e.nft`iifname ${e.linkNamePrefix("br-")} tcp dport ${e.portRange(80, 90)} accept`,
    ),
    s.deleteRule(table, "forward", 7),
    s.deleteElements(table, "portmap", [e.concat(e.protocol("tcp"), e.port(8080))]),
    s.flushChain(table, "user"),
    s.flushMap(table, "portmap"),
    s.flushSet(table, "local"),
    s.deleteChain(table, "user"),
  ]);
  expect(text).toBe(`\
add table inet gantry
delete table inet gantry
add table inet gantry
add chain inet gantry prerouting { type nat hook prerouting priority -100; policy accept; }
add chain inet gantry forward { type filter hook forward priority 0; policy drop; }
add chain inet gantry user
add map inet gantry portmap { type inet_proto . inet_service : ipv4_addr . inet_service; flags interval; comment "published ports"; }
add map inet gantry dispatch { type ifname : verdict; }
add set inet gantry local { type ipv4_addr; flags interval; }
add element inet gantry portmap { tcp . 8080 comment "web" : 172.17.0.2 . 80 }
add element inet gantry dispatch { "docker0" : jump user }
add element inet gantry local { 10.0.0.0/8, 192.0.2.1-192.0.2.9 }
add rule inet gantry prerouting fib daddr type local dnat ip to meta l4proto . th dport map @portmap comment "ports"
insert rule inet gantry forward iifname "br-*" tcp dport 80-90 accept
delete rule inet gantry forward handle 7
delete element inet gantry portmap { tcp . 8080 }
flush chain inet gantry user
flush map inet gantry portmap
flush set inet gantry local
delete chain inet gantry user
`);
});

const INJECTIONS = [
  "x; flush ruleset",
  "x }\nflush ruleset",
  'x" accept',
  "",
  "x #",
  "$x",
  "@x",
  "x y",
  "x\0",
];

test.each(INJECTIONS)("%p is refused wherever a value goes", (text) => {
  expect(() => e.name(text)).toThrow("invalid nftables name");
  expect(() => e.address(text)).toThrow("invalid IP address");
  expect(() => e.network(text)).toThrow("invalid IP address");
  expect(() => e.mac(text)).toThrow("invalid MAC address");
  expect(() => e.toChain("jump", text)).toThrow("invalid nftables name");
  expect(() => s.addTable({ family: "ip", name: text })).toThrow("invalid nftables name");
  expect(() => s.addTable({ family: text as "ip", name: "x" })).toThrow("invalid nftables family");
  expect(() => s.addSet(table, "x", { key: [text as "mark"] })).toThrow("invalid nftables type");
  expect(() => e.protocol(text as "tcp")).toThrow("invalid protocol");
});

test("comments and link names cannot leave their quotes", () => {
  for (const bad of ['a" accept', "a\nflush ruleset", "a\\", "a\0"]) {
    expect(() => e.comment(bad)).toThrow("invalid comment");
    expect(() => e.linkName(bad)).toThrow(/invalid interface name/);
  }
  expect(() => e.linkName("eth*")).toThrow("invalid interface name");
  expect(() => e.comment("x".repeat(128))).toThrow("at most 127 bytes");
  expect(e.comment("web; accept #1 ünïcode").text).toBe('"web; accept #1 ünïcode"');
});

test("numbers out of range and forged values are refused", () => {
  for (const bad of [-1, 65536, 1.5, Number.NaN]) expect(() => e.port(bad)).toThrow("invalid port");
  expect(() => e.portRange(90, 80)).toThrow("invalid port range");
  expect(() => e.number(2 ** 32)).toThrow("invalid number");
  expect(() => e.anonymousSet([])).toThrow("needs an element");
  expect(() => e.addressRange("10.0.0.1", "::1")).toThrow("different families");
  const forged = { text: "accept; flush ruleset" } as unknown as e.NftText;
  expect(() => e.nft`tcp dport 80 ${forged}`).toThrow("checking function");
  expect(() => s.addRule(table, "x", forged)).toThrow("checking function");
});

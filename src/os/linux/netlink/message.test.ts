import { expect, test } from "bun:test";
import { addAddress } from "./addresses.ts";
import { Attributes, BodyWriter } from "./attributes.ts";
import { addLink, changeLink, deleteLink, setLinkUp } from "./links.ts";
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeBatch,
  encodeMessage,
  type NetlinkRequest,
} from "./message.ts";
import { appendForwarding, replaceNeighbour } from "./neighbours.ts";
import { addRoute } from "./routes.ts";
import { addRule, deleteRule } from "./rules.ts";

const BRIDGE = 9;

/** What ip(8) and bridge(8) of iproute2 6.1 sent for the command, recorded with strace; the sequence number is 0. */
const RECORDED: ReadonlyArray<readonly [command: string, hex: string, ours: NetlinkRequest]> = [
  [
    "ip link add gcapbr address 02:42:00:00:00:01 mtu 1400 type bridge stp_state 0 ageing_time 30000 vlan_filtering 0",
    "6c000000100005060000000000000000000000000000000000000000000000000a000100024200000001000008000400780500000b00030067636170627200002c0012000a000100627269646765000" +
      "01c000200080005000000000008000400307500000500070000000000",
    addLink(
      { name: "gcapbr", mac: "02:42:00:00:00:01", mtu: 1400 },
      { kind: "bridge", stp: false, ageingCentiseconds: 30000, vlanFiltering: false },
    ),
  ],
  [
    "ip link add gcapv0 mtu 1400 type veth peer name eth0 address 02:42:ac:11:00:02 mtu 1400 netns FD",
    "8000000010000506000000000000000000000000000000000000000000000000080004007805" +
      "00000b00030067636170763000004c00120008000100766574684000" +
      "02003c000100000000000000000000000000000000000a0001000242ac1100020000080004007805000008001c000400000009000300657468300000" +
      "0000",
    addLink(
      { name: "gcapv0", mtu: 1400 },
      { kind: "veth", peer: { name: "eth0", mac: "02:42:ac:11:00:02", mtu: 1400, namespace: { fd: 4 } } },
    ),
  ],
  [
    "ip link set gcapv0 up",
    "200000001000050000000000000000000000000006000000" + "0100000001000000",
    setLinkUp(6),
  ],
  [
    "ip link set gcapbr alias hello",
    "2c0000001000050000000000000000000000000009000000000000000000000009001400" + "68656c6c6f000000",
    changeLink(BRIDGE, { alias: "hello" }),
  ],
  [
    "ip link del gcapbr",
    "20000000110005000000000000000000" + "00000000090000000000000000000000",
    deleteLink(BRIDGE),
  ],
  [
    "ip link add gcapvx type vxlan id 4097 dstport 4789 local 172.30.0.1 proxy l2miss l3miss",
    "7800000010000506000000000000000000000000000000000000000000000000" +
      "0b0003006763617076780000" +
      "4c00120009000100" +
      "76786c616e0000003c000200" +
      "05000b000100000005000d000100000005000e0001000000" +
      "080001000110000008000400ac1e00010500070001000000060" +
      "00f0012b50000",
    addLink(
      { name: "gcapvx" },
      { kind: "vxlan", vni: 4097, port: 4789, local: "172.30.0.1", proxy: true, l2miss: true, l3miss: true },
    ),
  ],
  [
    "ip link add link gcapbr name gcapmv type macvlan mode bridge",
    "5000000010000506000000000000000000000000000000000000000000000000" +
      "08000500090000000b00030067636170" +
      "6d7600001c0012000b0001006d616376" +
      "6c616e000c0002000800010004000000",
    addLink({ name: "gcapmv" }, { kind: "macvlan", parentIndex: BRIDGE, mode: "bridge" }),
  ],
  [
    "ip link add link gcapbr name gcapiv type ipvlan mode l3s vepa",
    "5800000010000506000000000000000000000000000000000000000000000000" +
      "08000500090000000b00030067636170" +
      "6976000024001200" +
      "0a0001006970766c616e0000" +
      "140002000600010002000000" +
      "0600020002000000",
    addLink({ name: "gcapiv" }, { kind: "ipvlan", parentIndex: BRIDGE, mode: "l3s", flag: "vepa" }),
  ],
  [
    "ip link add link gcapbr name gcapvl type vlan id 42",
    "4c00000010000506000000000000000000000000000000000000000000000000" +
      "08000500090000000b00030067636170" +
      "766c00001800120008000100766c616e" +
      "0c000200060001002a000000",
    addLink({ name: "gcapvl" }, { kind: "vlan", parentIndex: BRIDGE, vlanId: 42 }),
  ],
  [
    "ip link add gcapdm type dummy",
    "3c00000010000506000000000000000000000000000000000000000000000000" +
      "0b000300676361" +
      "70646d00001000120009000100" +
      "64756d6d79000000",
    addLink({ name: "gcapdm" }, { kind: "dummy" }),
  ],
  [
    "ip link add gcapif type ifb",
    "3800000010000506000000000000000000000000000000000000000000000000" +
      "0b0003006763617069660000" +
      "0c0012000700010069666200",
    addLink({ name: "gcapif" }, { kind: "ifb" }),
  ],
  [
    "ip addr add 172.30.0.1/16 broadcast 172.30.255.255 dev gcapbr",
    "30000000140005060000000000000000" +
      "021000000900000008000200ac1e0001" +
      "08000400ac1effff08000100ac1e0001",
    addAddress({ linkIndex: BRIDGE, prefix: "172.30.0.1/16", broadcast: "172.30.255.255" }),
  ],
  [
    "ip addr add fd00:1::1/64 dev gcapbr nodad",
    "40000000140005060000000000000000" +
      "0a4002000900000014000200fd000001" +
      "00000000000000000000000114000100" +
      "fd000001000000000000000000000001",
    addAddress({ linkIndex: BRIDGE, prefix: "fd00:1::1/64", noDad: true }),
  ],
  [
    "ip route add 10.99.0.0/16 via 172.30.0.9 dev gcapbr onlink table 1234",
    "3c000000180005060000000000000000" +
      "02100000000300010400000008000100" +
      "0a63000008000500ac1e000908000f00" +
      "d20400000800040009000000",
    addRoute({
      destination: "10.99.0.0/16",
      gateway: "172.30.0.9",
      linkIndex: BRIDGE,
      onLink: true,
      table: 1234,
    }),
  ],
  [
    "ip -6 route add fd00:9::/64 via fd00:1::9 dev gcapbr onlink",
    "4c000000180005060000000000000000" +
      "0a400000fe0300010400000014000100" +
      "fd000009000000000000000000000000" +
      "14000500fd0000010000000000000000" +
      "000000090800040009000000",
    addRoute({ destination: "fd00:9::/64", gateway: "fd00:1::9", linkIndex: BRIDGE, onLink: true }),
  ],
  [
    "ip neigh replace 172.30.0.5 lladdr 02:42:00:00:00:05 dev gcapbr nud permanent",
    "300000001c0005050000000000000000" +
      "02000000090000008000000008000100" +
      "ac1e00050a0002000242000000050000",
    replaceNeighbour({ linkIndex: BRIDGE, address: "172.30.0.5", mac: "02:42:00:00:00:05" }),
  ],
  [
    "bridge fdb append 02:42:00:00:00:06 dev gcapvx dst 172.30.0.7 self permanent",
    "300000001c00050c0000000000000000" +
      "0700000007000000c00002000a000200" +
      "024200000006000008000100ac1e0007",
    appendForwarding({ linkIndex: 7, mac: "02:42:00:00:00:06", destination: "172.30.0.7" }),
  ],
  [
    "ip rule add from 10.0.0.0/8 fwmark 0x1/0xff lookup 100 priority 555",
    "3c000000200005060000000000000000" +
      "02000800640000010000000008000200" +
      "0a00000008000a000100000008001000" +
      "ff000000080006002b020000",
    addRule({ family: 2, source: "10.0.0.0/8", mark: { value: 1, mask: 0xff }, table: 100, priority: 555 }),
  ],
  [
    "ip rule del from 10.0.0.0/8 fwmark 0x1/0xff lookup 100 priority 555",
    "3c000000210005000000000000000000" +
      "02000800640000000000000008000200" +
      "0a00000008000a000100000008001000" +
      "ff000000080006002b020000",
    deleteRule({
      family: 2,
      source: "10.0.0.0/8",
      mark: { value: 1, mask: 0xff },
      table: 100,
      priority: 555,
    }),
  ],
];

for (const [command, hex, ours] of RECORDED) {
  test(`as sent by: ${command}`, () => {
    expect(Buffer.from(encodeBatch([ours], 0)).toString("hex")).toBe(hex);
  });
}

test("what is written is read back, nested attributes after a fixed struct included", () => {
  const body = new BodyWriter(Uint8Array.of(1, 2, 3, 4))
    .u8(1, 7)
    .u16(2, 0x1234)
    .u16be(3, 0x1234)
    .u32(4, 0xfffffffe)
    .u32be(5, 1)
    .text(6, "eth0")
    .nest(7, (nested) => nested.text(1, "veth", false).bytes(2, new Uint8Array(600)), {
      prefix: new Uint8Array(16),
      marked: true,
    })
    .finish();
  expect(body.length % 4).toBe(0);
  const attributes = new Attributes(body, 4);
  expect(attributes.u8(1)).toBe(7);
  expect(attributes.u16(2)).toBe(0x1234);
  expect(attributes.u16be(3)).toBe(0x1234);
  expect(attributes.u32(4)).toBe(0xfffffffe);
  expect(attributes.u32be(5)).toBe(1);
  expect(attributes.text(6)).toBe("eth0");
  const nested = attributes.nested(7, 16);
  expect(nested.text(1)).toBe("veth");
  expect(nested.bytes(2)).toHaveLength(600);
  expect(attributes.has(8)).toBe(false);
  expect(attributes.u32(1)).toBeUndefined();
});

test("truncated and malformed attributes end the reading", () => {
  expect(new Attributes(Uint8Array.of(2, 0, 1, 0)).has(1)).toBe(false);
  expect(new Attributes(Uint8Array.of(200, 0, 1, 0, 9)).has(1)).toBe(false);
});

test("messages are cut where their lengths say, and a cut-off one is left out", () => {
  const one = encodeMessage(16, 0, 1, Uint8Array.of(1, 2, 3, 4, 5));
  const two = encodeMessage(17, 0, 2, Uint8Array.of(6));
  const both = Buffer.concat([one, two]);
  expect([...decodeMessages(both)].map((m) => [m.type, m.sequence, m.body.length])).toEqual([
    [16, 1, 5],
    [17, 2, 1],
  ]);
  expect([...decodeMessages(both.subarray(0, both.length - 4))]).toHaveLength(1);
});

test("an extended acknowledgement carries the kernel's sentence", () => {
  // -EEXIST, the capped header of the request, then attribute 1.
  const body = Buffer.concat([
    Buffer.from([0xef, 0xff, 0xff, 0xff]),
    Buffer.alloc(16),
    Buffer.from([9, 0, 1, 0]),
    Buffer.from("busy\0\0\0\0"),
  ]);
  const message = { type: 2, flags: 0x300, sequence: 1, body };
  expect(decodeAcknowledgement(message, true)).toEqual({ errno: 17, detail: "busy" });
});

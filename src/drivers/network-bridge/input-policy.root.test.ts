import { expect, test } from "bun:test";
import * as nl from "../../os/linux/netlink/mod.ts";
import { Nftables } from "../../os/linux/nftables/mod.ts";
import {
  bed,
  HOST_ADDRESS,
  HOST_ADDRESS6,
  host,
  hostLinks,
  makeNetwork,
  NEIGHBOUR_ADDRESS,
  NEIGHBOUR_ADDRESS6,
  neighbour,
  newDriver,
  publish,
  start,
  stop,
  useTestbed,
} from "./bridge-testbed.testing.ts";
import { call, EchoServer } from "./traffic.testing.ts";

useTestbed();

/** What ufw does, in nft's words: nothing comes in that no rule lets in. */
const POLICY = `
table inet administrator {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport 8080 accept
  }
}`;

async function nft(command: string): Promise<string> {
  await using rules = Nftables.open({ namespace: host });
  return await rules.run(command);
}

test("published ports obey the host's input rules where they are told to", async () => {
  await bed.driver.close();
  bed.driver = newDriver({ respectInputRules: true });
  await bed.driver.reconcile([]);
  const network = await makeNetwork("bridge", { enableIpv6: true });
  const web = await start(network, "web", [
    publish(8080, 80),
    publish(8081, 80),
    publish(8082, 80, { hostIp: HOST_ADDRESS }),
    publish(8080, 80, { protocol: "udp" }),
  ]);
  const other = await start(network, "other");
  await using _web = await EchoServer.start(web.sandbox.path, 80, "::");
  const seen = (address: string) => `::ffff:${address}`;
  const outside = (protocol: "tcp" | "udp", port: number, address = HOST_ADDRESS) =>
    call(neighbour, protocol, address, port);

  // A host without rules is open, and callers keep their addresses.
  for (const port of [8080, 8081, 8082]) expect(await outside("tcp", port)).toBe(seen(NEIGHBOUR_ADDRESS));
  expect(await outside("tcp", 8080, HOST_ADDRESS6)).toBe(NEIGHBOUR_ADDRESS6);
  expect(await outside("udp", 8080)).toBe(seen(NEIGHBOUR_ADDRESS));

  await nft(POLICY);
  expect(await outside("tcp", 8080)).toBe(seen(NEIGHBOUR_ADDRESS));
  expect(await outside("tcp", 8080, HOST_ADDRESS6)).toBe(NEIGHBOUR_ADDRESS6);
  for (const port of [8081, 8082]) expect(await outside("tcp", port)).toBe("timeout");
  expect(await outside("tcp", 8081, HOST_ADDRESS6)).toBe("timeout");
  expect(await outside("udp", 8080)).toBe("timeout");
  // The host itself and containers are inside.
  expect(await call(host, "tcp", "127.0.0.1", 8081)).toBe(seen("172.17.0.1"));
  expect(await call(host, "tcp", HOST_ADDRESS, 8081)).toBe(seen(HOST_ADDRESS));
  expect(await call(other.sandbox.path, "tcp", HOST_ADDRESS, 8081)).toBe(seen("172.17.0.1"));
  // The administrator opens it.
  await nft("add rule inet administrator input udp dport 8080 accept");
  await nft(`add rule inet administrator input ip saddr ${NEIGHBOUR_ADDRESS} accept`);
  expect(await outside("udp", 8080)).toBe(seen(NEIGHBOUR_ADDRESS));
  expect(await outside("tcp", 8082)).toBe(seen(NEIGHBOUR_ADDRESS));

  // Strict reverse path filtering of the host does not stop what comes out of the loop.
  nl.writeSysctls({ "net.ipv4.conf.all.rp_filter": "1" }, host);
  expect(await outside("tcp", 8081)).toBe(seen(NEIGHBOUR_ADDRESS));

  // Off again: nothing of it is left, and the rules are passed by.
  const { endpoint } = web;
  await bed.driver.close();
  bed.driver = newDriver();
  await bed.driver.reconcile([{ network, endpoints: [endpoint] }]);
  expect(hostLinks().filter((name) => name.startsWith("gt"))).toEqual([]);
  expect((await nft("list tables")).split("\n").filter((line) => line.includes("gantry-"))).toHaveLength(1);
  await nft("flush chain inet administrator input");
  expect(await outside("tcp", 8081)).toBe(seen(NEIGHBOUR_ADDRESS));
  await stop(network, web);
}, 30_000);

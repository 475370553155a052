import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace, deleteNetworkNamespace } from "./namespace.ts";
import { setLinkUp, withNetlink } from "./netlink/mod.ts";
import { type PortAddress, reservePort } from "./port-reservation.ts";

const directory = mkdtempSync(join(tmpdir(), "gantry-ports-"));
const namespace = join(directory, "ns");
createNetworkNamespace(namespace);
withNetlink(namespace, (socket) => socket.execute(setLinkUp("lo")));

afterAll(() => {
  deleteNetworkNamespace(namespace);
  rmSync(directory, { recursive: true });
});

const reserve = (protocol: PortAddress["protocol"], address: string, port: number) =>
  reservePort({ protocol, address, port }, { namespace });

test.each(["tcp", "udp"] as const)("a %s port has one holder in its namespace and family", (protocol) => {
  using all = reserve(protocol, "0.0.0.0", 0);
  expect(all.port).toBeGreaterThan(0);
  expect(() => reserve(protocol, "0.0.0.0", all.port)).toThrow("address already in use");
  expect(() => reserve(protocol, "127.0.0.1", all.port)).toThrow("address already in use");
  using _six = reserve(protocol, "::", all.port);
  using _other = reserve(protocol === "tcp" ? "udp" : "tcp", "0.0.0.0", all.port);
  all.close();
  all.close();
  using _again = reserve(protocol, "127.0.0.1", all.port);
});

test("an address of another machine is refused", () => {
  expect(() => reserve("tcp", "203.0.113.1", 80)).toThrow("cannot assign requested address");
});

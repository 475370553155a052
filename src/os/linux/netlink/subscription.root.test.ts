import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace, deleteNetworkNamespace } from "../namespace.ts";
import * as nl from "./mod.ts";

const directory = mkdtempSync(join(tmpdir(), "gantry-subscription-"));
const outerPath = join(directory, "outer");
const innerPath = join(directory, "inner");

let outer: nl.NetlinkSocket;
let inner: nl.NetlinkSocket;

beforeEach(() => {
  createNetworkNamespace(outerPath);
  createNetworkNamespace(innerPath);
  outer = nl.NetlinkSocket.open({ namespace: outerPath });
  inner = nl.NetlinkSocket.open({ namespace: innerPath });
});

afterEach(() => {
  outer.close();
  inner.close();
  deleteNetworkNamespace(outerPath);
  deleteNetworkNamespace(innerPath);
});

afterAll(() => rmSync(directory, { recursive: true }));

function addBridge(name: string): number {
  outer.execute(nl.addLink({ name, up: true }, { kind: "bridge", stp: false }));
  return nl.findLink(outer, name)!.index;
}

test("a subscription tells what changes, and only in its own namespace", () => {
  using watched = nl.Subscription.open({
    groups: ["link", "ipv4Address", "ipv4Route"],
    namespace: outerPath,
  });
  expect(watched.fd).toBeNumber();
  expect(watched.read()).toEqual([]);
  const linkIndex = addBridge("br0");
  outer.execute(nl.addAddress({ linkIndex, prefix: "10.0.0.1/24" }));
  inner.execute(nl.setLinkUp("lo"));
  outer.execute(nl.deleteLink("br0"));
  const seen = watched.read().map((event) => {
    if (event.subject === "link") return `link ${event.action} ${event.link.name}`;
    if (event.subject === "address") return `address ${event.action} ${event.address.address}`;
    return event.subject;
  });
  expect(seen).toContain("link set br0");
  expect(seen).toContain("address set 10.0.0.1");
  expect(seen).toContain("address deleted 10.0.0.1");
  expect(seen).toContain("link deleted br0");
  expect(seen).toContain("route");
  expect(seen.some((text) => text.endsWith(" lo"))).toBe(false);
});

test("a subscription to deletions hears of nothing else", () => {
  using watched = nl.Subscription.open({
    groups: ["link", "ipv4Address", "ipv6Address"],
    deletionsOnly: true,
    namespace: outerPath,
  });
  const linkIndex = addBridge("br0");
  outer.execute(nl.addAddress({ linkIndex, prefix: "10.0.0.1/24" }), nl.setLinkUp(linkIndex));
  expect(watched.read()).toEqual([]);
  outer.execute(nl.deleteLink("br0"));
  const seen = watched.read();
  expect(seen).toContainEqual(
    expect.objectContaining({
      subject: "link",
      action: "deleted",
      link: expect.objectContaining({ name: "br0" }),
    }),
  );
  expect(seen.filter(({ subject }) => subject === "address")).not.toBeEmpty();
  expect(seen.every((event) => "action" in event && event.action === "deleted")).toBe(true);
});

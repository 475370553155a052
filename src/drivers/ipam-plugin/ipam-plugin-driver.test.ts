import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { Subnet } from "../ipam/mod.ts";
import { PluginClient } from "../plugin-client/mod.ts";
import { IpamPlugin } from "./ipam-plugin.ts";
import { IpamPluginDriver } from "./ipam-plugin-driver.ts";

type Message = Readonly<Record<string, unknown>>;

let folder: string;
let server: Server;
/** `Method {request}` of each call but questions, oldest first. */
let calls: string[];
let answers: Record<string, (request: Message) => Message>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "gantry-ipam-"));
  calls = [];
  answers = {
    GetDefaultAddressSpaces: () => ({ LocalDefaultAddressSpace: "here", GlobalDefaultAddressSpace: "all" }),
    RequestPool: ({ Pool }) => ({ PoolID: `id ${Pool}`, Pool: Pool || "10.5.0.0/24" }),
    RequestAddress: ({ Address }) => ({ Address: `${Address || "10.5.0.1"}/24` }),
  };
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const method = request.url!.replace("/IpamDriver.", "");
    const message = text === "" ? {} : (JSON.parse(text) as Message);
    if (!method.startsWith("Get")) {
      calls.push(
        [method, message["PoolID"] ?? message["AddressSpace"], message["Pool"] ?? message["Address"]].join(
          " ",
        ),
      );
    }
    response.end(JSON.stringify(answers[method]?.(message) ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "p.sock"), resolve));
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function newDriver(): IpamPluginDriver {
  const address = `unix://${join(folder, "p.sock")}`;
  const client = new PluginClient({ plugin: { name: "p", address }, retryForMs: 0, logger: silentLogger });
  return new IpamPluginDriver(new IpamPlugin("p", async () => client), silentLogger);
}

function networkOf(pools: NetworkRecord["pools"]): NetworkRecord {
  return sampleNetwork({ id: "n1", ipamDriver: "p", pools });
}

test("a pool that touches the host's is kept until another is found, then given back", async () => {
  const offers = ["10.5.0.0/24", "10.6.0.0/24"];
  answers["RequestPool"] = () => ({ PoolID: offers[0], Pool: offers.shift() });
  answers["RequestAddress"] = () => ({ Address: "10.6.0.1/24" });
  const pools = await newDriver().planNetwork(networkOf([]), [Subnet.parse("10.5.0.0/16")]);
  expect(pools).toEqual([{ subnet: "10.6.0.0/24", poolId: "10.6.0.0/24", gateway: "10.6.0.1" }]);
  expect(calls).toEqual([
    "RequestPool here ",
    "RequestPool here ",
    "ReleasePool 10.5.0.0/24 ",
    "RequestAddress 10.6.0.0/24 ",
  ]);
  answers["RequestPool"] = () => ({ PoolID: "always", Pool: "10.5.0.0/24" });
  expect(newDriver().planNetwork(networkOf([]), [Subnet.parse("10.5.0.0/16")])).rejects.toThrow("are in use");
});

test("what a failed plan took is given back", async () => {
  answers["RequestAddress"] = ({ Address }) =>
    Address === "10.5.0.9" ? { Error: "no" } : { Address: "10.5.0.1/24" };
  const wanted = { subnet: "10.5.0.0/24", auxAddresses: { a: "10.5.0.9" } };
  const failure = newDriver().planNetwork(networkOf([wanted]), []);
  await expect(failure).rejects.toThrow("failed to allocate secondary ip address (a:10.5.0.9): remote: no");
  expect(calls.slice(-3)).toEqual([
    "ReleaseAddress id 10.5.0.0/24 10.5.0.1",
    "ReleaseAddress id 10.5.0.0/24 10.5.0.9",
    "ReleasePool id 10.5.0.0/24 ",
  ]);
});

test("a plug-in that forgets hears of everything again before it is asked for more", async () => {
  answers["GetCapabilities"] = () => ({ RequiresRequestReplay: true, RequiresMACAddress: true });
  const network = networkOf([{ subnet: "10.5.0.0/24", gateway: "10.5.0.1", poolId: "old" }]);
  const driver = newDriver();
  driver.restoreNetwork(network);
  driver.restoreAddress("n1", "10.5.0.7");
  expect(calls).toEqual([]);
  answers["RequestAddress"] = ({ Address }) => ({ Address: `${Address || "10.5.0.8"}/24` });
  const taken = await driver.takeAddresses(network, {});
  expect(taken.ipv4).toEqual({ address: "10.5.0.8", prefixLength: 24, gateway: "10.5.0.1" });
  expect(taken.macAddress).toMatch(/^02:42:/);
  expect(calls).toEqual([
    "RequestPool here 10.5.0.0/24",
    "RequestAddress old 10.5.0.1",
    "RequestAddress old 10.5.0.7",
    "RequestAddress old ",
  ]);
  await driver.takeAddresses(network, { ipv4: "10.5.0.9", macAddress: "02:00:00:00:00:01" });
  expect(calls.slice(4)).toEqual(["RequestAddress old 10.5.0.9"]);
});

test.each([
  ["an address elsewhere", { Address: "10.9.0.1/24" }, "is outside of the pool"],
  ["no address", { Address: "" }, "no address returned"],
  ["no prefix", { Address: "10.5.0.3" }, "invalid CIDR address"],
  ["a wrong prefix", { Address: "10.5.0.3/33" }, "invalid CIDR address"],
  ["another type", { Address: 5 }, "Address is not a text"],
])("%s is refused", async (_what, answer, message) => {
  const network = networkOf([{ subnet: "10.5.0.0/24", poolId: "old" }]);
  const driver = newDriver();
  driver.restoreNetwork(network);
  answers["RequestAddress"] = () => answer;
  await expect(driver.takeAddresses(network, {})).rejects.toThrow(message);
});

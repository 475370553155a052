import { expect, test } from "bun:test";
import type { EndpointRequest, NetworkRecord } from "../../core/networks/network-record.ts";
import { NoneDriver } from "../network-none/mod.ts";
import { HostDriver } from "./mod.ts";

const network = (name: string, driver: string) =>
  ({ id: "1", name, driver, pools: [] }) as unknown as NetworkRecord;

test.each([
  ["host", "host", new HostDriver()],
  ["null", "none", new NoneDriver()],
])("%s has one network, with empty endpoints", async (name, networkName, driver) => {
  expect(driver.name).toBe(name);
  const planned = await driver.plan(network(networkName, name));
  expect(planned.pools).toEqual([]);
  expect(driver.plan(network("other", name))).rejects.toThrow(
    `only one instance of "${name}" network is allowed`,
  );
  const request = {
    containerId: "c",
    containerName: "web",
    ports: [{}],
    aliases: ["a"],
  } as unknown as EndpointRequest;
  expect(await driver.allocateEndpoint(planned, request)).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    networkId: "1",
    containerId: "c",
    aliases: ["a"],
    ipv4Address: "",
    macAddress: "",
    interfaceName: "",
    ports: [],
  });
});

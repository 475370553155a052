import { expect, test } from "bun:test";
import type { Filters } from "../../../base/filters.ts";
import type { EndpointSettings, NetworkCreateRequest } from "../../../spec/engine-api/mod.ts";
import { TestServer } from "../../testing/server.ts";
import { since, VERSIONS } from "../../testing/versions.ts";

test("networks", async () => {
  const created: NetworkCreateRequest[] = [];
  const connected: Array<EndpointSettings | undefined> = [];
  const use = { IPsInUse: 2n, DynamicIPsAvailable: 2n ** 64n - 2n };
  const status = { IPAM: { Subnets: { "fd00::/64": use } } };
  const network = { Id: "n1", Name: "net", Status: status, Containers: { c: {} } };
  await using server = await TestServer.start({
    networks: {
      list: async () => [{ Id: "n1", Name: "net" } as never],
      inspect: async () => network as never,
      create: async (request) => {
        created.push(request);
        return { id: "n1", warning: "" };
      },
      connect: async (_network, _container, endpoint) => {
        connected.push(endpoint);
      },
    },
  });
  const lists = [];
  const statuses = [];
  for (const version of VERSIONS) {
    lists.push((await server.request("GET", `/v${version}/networks`)).body[0].Containers);
    statuses.push(
      /"fd00::\/64":\{[^}]*\}/.exec((await server.request("GET", `/v${version}/networks/n1`)).text)?.[0],
    );
    const create = await server.request("POST", `/v${version}/networks/create`, {
      body: { Name: "net", CheckDuplicate: true, EnableIPv4: true },
    });
    expect([create.status, create.body]).toEqual([201, { Id: "n1", Warning: "" }]);
    const connect = await server.request("POST", `/v${version}/networks/n1/connect`, {
      body: { Container: "c", EndpointConfig: { MacAddress: "02:42:00:00:00:01", GwPriority: 2 } },
    });
    expect([connect.status, connect.text]).toEqual([200, ""]);
  }
  expect(lists).toEqual(since("1.28", { c: {} }, undefined));
  expect(statuses).toEqual(
    since("1.52", undefined, '"fd00::/64":{"IPsInUse":2,"DynamicIPsAvailable":18446744073709551614}'),
  );
  expect(created.map((request) => request.EnableIPv4)).toEqual(since("1.48", undefined, true));
  expect(created.map((request) => request.CheckDuplicate)).toEqual(since("1.24", true, undefined));
  expect(connected.map((endpoint) => endpoint?.MacAddress)).toEqual(
    since("1.54", undefined, "02:42:00:00:00:01"),
  );
  expect(connected.map((endpoint) => endpoint?.GwPriority)).toEqual(since("1.48", undefined, 2));
  expect((await server.request("GET", "/networks/")).status).toBe(200);
  const verbose = await server.request("GET", "/networks/n1?verbose=maybe");
  expect([verbose.status, verbose.body.message]).toEqual([
    400,
    'invalid value for verbose: maybe: strconv.ParseBool: parsing "maybe": invalid syntax',
  ]);
});

test("volumes", async () => {
  const pruned: Filters[] = [];
  const created: object[] = [];
  await using server = await TestServer.start({
    volumes: {
      prune: async (filters) => {
        pruned.push(filters);
        return { VolumesDeleted: [], SpaceReclaimed: 0 };
      },
      create: async (request) => {
        created.push(request);
        return { Name: "v" } as never;
      },
      remove: async () => {},
    },
  });
  for (const version of VERSIONS.slice(1)) await server.request("POST", `/v${version}/volumes/prune`);
  expect(pruned.map((filters) => filters.get("all"))).toEqual(since("1.42", ["true"], undefined).slice(1));
  expect((await server.request("POST", "/volumes/create", { body: { Name: "v" } })).status).toBe(201);
  const cluster = { body: { ClusterVolumeSpec: { Group: "g" } } };
  expect((await server.request("POST", "/volumes/create", cluster)).status).toBe(503);
  expect((await server.request("POST", "/v1.41/volumes/create", cluster)).status).toBe(201);
  expect(created).toEqual([{ Name: "v" }, {}]);
  expect((await server.request("PUT", "/volumes/v?version=1", { body: {} })).status).toBe(503);
  expect((await server.request("DELETE", "/volumes/v")).status).toBe(204);
});

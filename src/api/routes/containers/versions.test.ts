import { describe, expect, test } from "bun:test";
import type {
  ContainerCreateRequest,
  ContainerInspectResponse,
  ContainerSummary,
  ContainerUpdateRequest,
} from "../../../spec/engine-api/mod.ts";
import { iterate } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import { since, VERSIONS } from "../../testing/versions.ts";

/** What `ask` finds in the answer of each version. */
async function across(ask: (version: string) => Promise<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const version of VERSIONS) found.push(await ask(version));
  return found;
}

const inspected = {
  Id: "0123456789abcdef".repeat(4),
  HostConfig: { NetworkMode: "net", KernelMemory: 0, KernelMemoryTCP: 0 },
  Config: { Hostname: "host1", MacAddress: "02:42:0a:00:00:02" },
  ImageManifestDescriptor: { mediaType: "m", digest: "d", size: 1 },
  Storage: { RootFS: { Snapshot: { Name: "overlayfs" } } },
  NetworkSettings: {
    Networks: {
      bridge: { IPAddress: "172.17.0.2", Gateway: "172.17.0.1", Aliases: null },
      net: { IPAddress: "10.0.0.2", MacAddress: "02:42:0a:00:00:02", Aliases: ["web"] },
    },
  },
} as unknown as ContainerInspectResponse;

describe("inspect", () => {
  const answers = async (pick: (container: ContainerInspectResponse) => unknown) => {
    await using server = await TestServer.start({ containers: { inspect: async () => inspected } });
    return await across(async (version) =>
      pick((await server.request("GET", `/v${version}/containers/x/json`)).body),
    );
  };

  test("the default network's settings moved into Networks", async () => {
    expect(await answers((container) => container.NetworkSettings.IPAddress)).toEqual(
      since("1.52", "172.17.0.2", undefined),
    );
    expect(await answers((container) => container.NetworkSettings.Bridge)).toEqual(
      since("1.52", "", undefined),
    );
  });

  test("generated aliases moved into DNSNames", async () => {
    expect(await answers((container) => container.NetworkSettings.Networks!["net"]!.Aliases)).toEqual(
      since("1.45", ["web", "0123456789ab", "host1"], ["web"]),
    );
    expect(await answers((container) => container.NetworkSettings.Networks!["bridge"]!.Aliases)).toEqual(
      since("1.24", null, null),
    );
  });

  test("fields that came and went", async () => {
    expect(await answers((container) => container.ImageManifestDescriptor?.size)).toEqual(
      since("1.48", undefined, 1),
    );
    expect(await answers((container) => container.Config.MacAddress)).toEqual(
      since("1.52", "02:42:0a:00:00:02", undefined),
    );
    expect(await answers((container) => container.GraphDriver?.Name)).toEqual(
      since("1.52", "overlayfs", undefined),
    );
    expect(await answers((container) => container.Storage !== undefined)).toEqual(since("1.52", false, true));
    expect(await answers((container) => container.HostConfig.KernelMemory)).toEqual(
      since("1.42", 0, undefined),
    );
    expect(await answers((container) => container.HostConfig.KernelMemoryTCP)).toEqual(
      since("1.42", 0, undefined),
    );
  });
});

test("list", async () => {
  const container = {
    HostConfig: { Annotations: { a: "b" } },
    ImageManifestDescriptor: { size: 1 },
    Health: { Status: "healthy" },
  } as unknown as ContainerSummary;
  await using server = await TestServer.start({ containers: { list: async () => [container] } });
  const list = async (version: string) =>
    (await server.request("GET", `/v${version}/containers/json`)).body[0];
  expect(await across(async (version) => (await list(version)).HostConfig.Annotations)).toEqual(
    since("1.46", undefined, { a: "b" }),
  );
  expect(await across(async (version) => (await list(version)).ImageManifestDescriptor?.size)).toEqual(
    since("1.48", undefined, 1),
  );
  expect(await across(async (version) => (await list(version)).Health?.Status)).toEqual(
    since("1.52", undefined, "healthy"),
  );
});

test("stats", async () => {
  await using server = await TestServer.start({
    containers: {
      stats: async (_name, { oneShot }) => iterate([{ os_type: "linux", id: String(oneShot) } as never]),
    },
  });
  const stats = async (version: string) =>
    JSON.parse((await server.request("GET", `/v${version}/containers/x/stats?stream=0&one-shot=1`)).text);
  expect(await across(async (version) => (await stats(version)).os_type)).toEqual(
    since("1.52", undefined, "linux"),
  );
  expect(await across(async (version) => (await stats(version)).id)).toEqual(since("1.41", "false", "true"));
});

test("update", async () => {
  let asked: ContainerUpdateRequest = {};
  await using server = await TestServer.start({
    containers: {
      update: async (_name, request) => {
        asked = request;
        return { warnings: [] };
      },
    },
  });
  const update = async (version: string, body: ContainerUpdateRequest) => {
    await server.request("POST", `/v${version}/containers/x/update`, { body });
    return asked;
  };
  expect(await across(async (version) => (await update(version, { PidsLimit: -5 })).PidsLimit)).toEqual(
    since("1.40", undefined, 0),
  );
  expect(
    await across(async (version) => (await update(version, { BlkioDeviceReadBps: [] })).BlkioDeviceReadBps),
  ).toEqual(since("1.55", undefined, []));
});

describe("create", () => {
  const create = async (
    version: string,
    body: ContainerCreateRequest,
    options: { readonly cgroupV2?: boolean; readonly query?: string } = {},
  ) => {
    let asked: ContainerCreateRequest | undefined;
    let platform: unknown;
    let readOnlyBindsAreFlat: boolean | undefined;
    await using server = await TestServer.start(
      {
        containers: {
          create: async (input) => {
            asked = input.request;
            platform = input.platform;
            readOnlyBindsAreFlat = input.readOnlyBindsAreFlat;
            return { id: "new", warnings: ["own"] };
          },
        },
      },
      { cgroupV2: options.cgroupV2 ?? false },
    );
    const answer = await server.request("POST", `/v${version}/containers/create${options.query ?? ""}`, {
      body: { Image: "busybox", ...body },
    });
    return { asked, platform, readOnlyBindsAreFlat, status: answer.status, body: answer.body };
  };
  const refused = (body: ContainerCreateRequest) =>
    across(async (version) => {
      const { status, body: answer } = await create(version, body);
      return status === 400 ? answer.message : status;
    });

  test("defaults of their time", async () => {
    const host = (
      pick: (host: NonNullable<ContainerCreateRequest["HostConfig"]>) => unknown,
      cgroupV2 = false,
    ) => across(async (version) => pick((await create(version, {}, { cgroupV2 })).asked!.HostConfig!));
    expect(await host((config) => config.IpcMode)).toEqual(since("1.40", "shareable", undefined));
    expect(await host((config) => config.CgroupnsMode)).toEqual(since("1.41", "host", undefined));
    expect(await host((config) => config.CgroupnsMode, true)).toEqual(since("1.24", undefined, undefined));
    expect(await host((config) => config.NetworkMode)).toEqual(since("1.24", "bridge", "bridge"));
  });

  test("fields that a version does not have are dropped", async () => {
    const body: ContainerCreateRequest = {
      Healthcheck: { StartInterval: 5 },
      HostConfig: {
        Annotations: { a: "b" },
        ConsoleSize: [1, 2],
        KernelMemory: 7,
        KernelMemoryTCP: 7,
        PidsLimit: -1,
      },
      NetworkingConfig: { EndpointsConfig: { default: { GwPriority: 3 } } },
    };
    const pick = (get: (request: ContainerCreateRequest) => unknown) =>
      across(async (version) => get((await create(version, body)).asked!));
    expect(await pick((request) => request.Healthcheck!.StartInterval)).toEqual(since("1.44", undefined, 5));
    expect(await pick((request) => request.HostConfig!.Annotations)).toEqual(
      since("1.43", undefined, { a: "b" }),
    );
    expect(await pick((request) => request.HostConfig!.ConsoleSize)).toEqual(
      since("1.42", undefined, [1, 2]),
    );
    expect(await pick((request) => request.HostConfig!.KernelMemory)).toEqual(since("1.42", 7, undefined));
    expect(await pick((request) => request.HostConfig!.KernelMemoryTCP)).toEqual(since("1.52", 7, undefined));
    expect(await pick((request) => request.HostConfig!.PidsLimit)).toEqual(
      since("1.24", undefined, undefined),
    );
    expect(await pick((request) => request.NetworkingConfig!.EndpointsConfig)).toEqual(
      since("1.48", { bridge: {} }, { bridge: { GwPriority: 3 } }),
    );
  });

  test("what a version does not have is refused where dropping it would change the meaning", async () => {
    const mount = (more: object) =>
      ({ HostConfig: { Mounts: [{ Type: "volume", Target: "/m", ...more }] } }) as never;
    expect(await refused(mount({ VolumeOptions: { Subpath: "s" } }))).toEqual(
      since("1.45", "VolumeOptions.Subpath needs API v1.45 or newer", 201),
    );
    expect(await refused(mount({ Type: "image" }))).toEqual(
      since("1.48", 'Mount type "Image" needs API v1.48 or newer', 201),
    );
    expect(await refused(mount({ TmpfsOptions: {} }))).toEqual(
      since("1.42", 201, 'TmpfsOptions must not be specified on mount type "volume"'),
    );
    expect(await refused(mount({ Type: "bind", BindOptions: { ReadOnlyForceRecursive: true } }))).toEqual(
      since("1.44", "BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer", 201),
    );
    expect(await refused({ NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } })).toEqual(
      since("1.44", "Container cannot be created with multiple network endpoints: a, b", 201),
    );
    const legacy = await refused({ HostConfig: { Capabilities: ["CAP_CHOWN"] } as never });
    expect(legacy[VERSIONS.indexOf("1.40")]).toContain("HostConfig.Capabilities field is not supported");
    expect(legacy[VERSIONS.indexOf("1.41")]).toBe(201);
  });

  test("read-only binds were not recursive", async () => {
    const body = {
      HostConfig: { Mounts: [{ Type: "bind", Source: "/", Target: "/m", ReadOnly: true }] },
    } as const;
    const flat = await across(
      async (version) =>
        (await create(version, body as never)).asked!.HostConfig!.Mounts![0]!.BindOptions
          ?.ReadOnlyNonRecursive,
    );
    expect(flat).toEqual(since("1.44", true, undefined));
    const binds = await across(async (version) => (await create(version, {})).readOnlyBindsAreFlat);
    expect(binds).toEqual(since("1.44", true, false));
  });

  test("the container's MAC address moved to its endpoint", async () => {
    const body = { MacAddress: "02:42:ac:11:00:05" };
    const found = await across(async (version) => {
      const { asked, body: answer } = await create(version, body);
      return asked
        ? [asked.MacAddress, asked.NetworkingConfig!.EndpointsConfig, answer.Warnings.length]
        : answer.message;
    });
    const endpoints = { bridge: { MacAddress: body.MacAddress } };
    const gone = "container-wide MAC address no longer supported; use endpoint-specific MAC address instead";
    expect(found).toEqual(
      VERSIONS.map((version) => {
        if (Number(version) >= 1.52) return gone;
        return [undefined, endpoints, Number(version) < 1.44 ? 1 : 2];
      }),
    );
    const host = await create("1.43", { ...body, HostConfig: { NetworkMode: "host" } });
    expect(host.body.message).toBe("conflicting options: mac-address and the network mode");
  });

  test("sysctls of an interface moved to its endpoint", async () => {
    const body = {
      HostConfig: { Sysctls: { "net.ipv4.conf.eth0.log_martians": "1", "net.core.somaxconn": "9" } },
    };
    const moved = await create("1.47", body);
    expect(moved.asked!.HostConfig!.Sysctls).toEqual({ "net.core.somaxconn": "9" });
    expect(moved.asked!.NetworkingConfig!.EndpointsConfig!["bridge"]!.DriverOpts).toEqual({
      "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1",
    });
    expect(moved.body.Warnings[1]).toStartWith("Migrated sysctl");
    expect((await create("1.48", body)).status).toBe(400);
  });

  test("empty port bindings", async () => {
    const body = { HostConfig: { PortBindings: { "80/tcp": [], "81/tcp": null } } };
    const found = await across(async (version) => {
      const { asked, body: answer } = await create(version, body);
      return [asked!.HostConfig!.PortBindings, answer.Warnings.length];
    });
    const filled = { "80/tcp": [{}], "81/tcp": [{}] };
    expect(found).toEqual(since("1.52", [filled, 1], [filled, 2]));
  });

  test("platforms", async () => {
    const found = await across(
      async (version) =>
        (await create(version, {}, { query: "?platform=linux/aarch64/v8&name=/web" })).platform,
    );
    expect(found).toEqual(since("1.41", undefined, { os: "linux", architecture: "arm64" }));
    expect((await create("1.44", {}, { query: "?platform=a/b/c/d" })).status).toBe(400);
  });
});

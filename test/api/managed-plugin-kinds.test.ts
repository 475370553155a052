import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { makePluginTree, PLUGIN_MOUNTS_WITH_REPOSITORY, PLUGIN_RUNTIME } from "../fixtures/plugin-tree.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** An authorization plug-in that keeps volumes from everybody. */
const NO_VOLUMES = `
  const { servePlugin } = await import("/app/serve.ts");
  await servePlugin("/run/docker/plugins/gate.sock", ["authz"], {
    "AuthZPlugin.AuthZReq": ({ RequestUri: uri }) => ({ Allow: !uri.includes("/volumes"), Msg: "no volumes" }),
    "AuthZPlugin.AuthZRes": () => ({ Allow: true }),
  });`;

describe("managed plug-ins of other kinds", () => {
  const flags: string[] = [];
  const harness = useEngine({ flags });
  const docker = (...args: string[]) => harness.docker(args);
  const plugin = async (...args: string[]) => await docker("plugin", ...args);
  const inspect = async (name: string) => JSON.parse((await docker("inspect", name)).stdout)[0];

  async function make(name: string, type: string, entrypoint: readonly string[], changes: object = {}) {
    const tree = join(harness.engine.directory, name);
    makePluginTree(tree, {
      interface: { socket: `${name}.sock`, types: [`docker.${type}/1.0`] },
      entrypoint: [PLUGIN_RUNTIME, ...entrypoint],
      args: {},
      mounts: PLUGIN_MOUNTS_WITH_REPOSITORY,
      ...changes,
    });
    await plugin("create", name, tree);
    expect(await plugin("enable", name)).toEqual({ stdout: `${name}\n`, stderr: "", code: 0 });
  }

  const example = (name: string, program: string, ...args: string[]) => [
    `/repository/examples/plugins/${program}`,
    `/run/docker/plugins/${name}.sock`,
    ...args,
  ];

  test("keep logs", async () => {
    await make("keeper", "logdriver", example("keeper", "file-logs.ts", "/data/logs"));
    const script = "echo one; read x; echo two";
    const options = ["--log-driver", "keeper", "--log-opt", "cache-disabled=true"];
    await docker("run", "-di", "--name", "logged", ...options, TEST_IMAGE, "sh", "-c", script);
    expect((await plugin("disable", "keeper")).stderr).toContain("plugin keeper:latest is in use");
    await docker("exec", "logged", "sh", "-c", "echo > /proc/1/fd/0");
    expect((await docker("logs", "-f", "logged")).stdout).toBe("one\ntwo\n");
    await docker("rm", "-f", "logged");
    expect((await plugin("rm", "-f", "keeper")).code).toBe(0);
  });

  test("make networks and give addresses, also after a crash of the engine", async () => {
    await make("giver", "ipamdriver", example("giver", "file-addresses.ts", "/data/addresses.json", "10.98"));
    await make("maker", "networkdriver", example("maker", "bridge-networks.ts"), {
      network: { type: "host" },
      linux: { capabilities: ["CAP_NET_ADMIN"] },
    });
    const { stdout: made } = await docker(
      "network",
      "create",
      "-d",
      "maker",
      "--ipam-driver",
      "giver",
      "far",
    );
    expect(Object.keys(networkInterfaces())).toContain(`exb-${made.slice(0, 10)}`);
    expect(await inspect("far")).toMatchObject({ Driver: "maker:latest", IPAM: { Driver: "giver" } });
    for (const name of ["maker", "giver"]) {
      expect((await plugin("disable", name)).stderr).toContain(`plugin ${name}:latest is in use`);
    }
    expect((await docker("info", "-f", "{{.Plugins.Network}}")).stdout).toContain(" maker:latest ");
    await docker("run", "-d", "--name", "server", "--network", "far", TEST_IMAGE, "sleep", "1000");
    await harness.engine.crash();
    await harness.engine.restart();
    const script = "ip -o -4 addr show eth0; ping -c 1 -w 5 server > /dev/null && echo reached";
    const client = await docker("run", "--rm", "--network", "far", TEST_IMAGE, "sh", "-c", script);
    expect(client.stdout).toMatch(/ 10\.98\.0\.3\/24 .*\nreached\n$/s);
    await docker("rm", "-f", "server");
    await docker("network", "rm", "far");
    expect(Object.keys(networkInterfaces()).filter((name) => name.startsWith("ex"))).toEqual([]);
    for (const name of ["maker", "giver"]) {
      expect(await plugin("disable", name)).toMatchObject({ stderr: "", code: 0 });
      expect(await plugin("rm", name)).toMatchObject({ stderr: "", code: 0 });
    }
    expect((await docker("network", "create", "-d", "maker", "gone")).stderr).toContain("not found");
  });

  test("decide about requests until they are disabled", async () => {
    await make("gate", "authz", ["-e", NO_VOLUMES]);
    await harness.engine.stop();
    flags.push("--authorization-plugin", "gate");
    await harness.engine.restart();
    expect((await docker("volume", "ls")).stderr).toBe(
      "Error response from daemon: authorization denied by plugin gate:latest: no volumes\n",
    );
    expect((await docker("info", "-f", "{{.Plugins.Authorization}}")).stdout).toBe("[gate]\n");
    expect((await docker("run", "--rm", TEST_IMAGE, "echo", "fine")).stdout).toBe("fine\n");
    expect(await plugin("disable", "gate")).toMatchObject({ stderr: "", code: 0 });
    expect((await docker("volume", "ls", "-q")).code).toBe(0);
    await plugin("enable", "gate");
    expect((await docker("volume", "ls")).stderr).toContain("authorization denied by plugin gate:latest");
    await plugin("disable", "gate");
    // Nobody has said to this engine that it may be missing.
    await harness.engine.stop();
    await harness.engine.restart();
    expect((await docker("volume", "ls")).stderr).toContain(
      "plugin gate failed with error: plugin gate found but disabled",
    );
    await harness.engine.stop();
    flags.length = 0;
    await harness.engine.restart();
    expect(await plugin("rm", "gate")).toMatchObject({ stderr: "", code: 0 });
  });
});

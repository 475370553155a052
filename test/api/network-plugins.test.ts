import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { startExample, stopExample } from "../fixtures/example-plugin.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("network and IPAM plug-ins", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const inspect = async (name: string) => JSON.parse((await docker("inspect", name)).stdout)[0];
  const processes: ChildProcess[] = [];
  let addresses: string;

  const startNetworks = async () =>
    processes.push(
      await startExample("bridge-networks.ts", join(harness.engine.runRoot, "plugins/bridges.sock")),
    );

  beforeAll(async () => {
    await startNetworks();
    const socketPath = join(harness.engine.runRoot, "plugins/addresses.sock");
    addresses = join(harness.engine.directory, "addresses.json");
    processes.push(await startExample("file-addresses.ts", socketPath, addresses, "10.97"));
  });
  afterAll(async () => {
    await Promise.all(processes.map(stopExample));
    expect(Object.keys(networkInterfaces()).filter((name) => /^ex[boi]-/.test(name))).toEqual([]);
  });

  test("containers talk over links and addresses of plug-ins", async () => {
    const create = ["network", "create", "-d", "bridges", "--ipam-driver", "addresses", "-o", "k=v"];
    expect((await docker(...create, "--subnet", "10.97.5.0/24", "far")).code).toBe(0);
    const network = await inspect("far");
    expect(network).toMatchObject({
      Driver: "bridges",
      Scope: "local",
      IPAM: { Driver: "addresses", Config: [{ Subnet: "10.97.5.0/24", Gateway: "10.97.5.1" }] },
      Options: { k: "v" },
    });
    const { stdout } = await docker("info", "-f", "{{json .Plugins.Network}}");
    expect(JSON.parse(stdout)).toContain("bridges");
    const server = ["run", "-d", "--name", "server", "--network", "far", "--ip", "10.97.5.77"];
    expect((await docker(...server, TEST_IMAGE, "sleep", "1000")).code).toBe(0);
    const { NetworkSettings } = await inspect("server");
    expect(NetworkSettings.Networks.far).toMatchObject({ IPAddress: "10.97.5.77", Gateway: "10.97.5.1" });
    const script = "ip route; ping -c 1 -w 5 server > /dev/null && echo reached";
    const client = await docker("run", "--rm", "--network", "far", TEST_IMAGE, "sh", "-c", script);
    expect(client.stdout).toBe(
      "default via 10.97.5.1 dev eth0 \n10.97.5.0/24 dev eth0 scope link  src 10.97.5.2 \nreached\n",
    );
    expect(JSON.parse(readFileSync(addresses, "utf8"))).toEqual({
      "10.97.5.0/24": ["10.97.5.1", "10.97.5.77"],
    });
    expect((await docker("network", "rm", "far")).stderr).toContain("has active endpoints");
  });

  test("a crash of the engine, and the plug-in's end, take nothing from a container that runs", async () => {
    const ping = ["exec", "server", "ping", "-c", "1", "-w", "5", "10.97.5.1"];
    await harness.engine.crash();
    await stopExample(processes[0]);
    await harness.engine.restart();
    expect((await docker(...ping)).code).toBe(0);
    await startNetworks();
    const other = await docker(
      "run",
      "--rm",
      "--network",
      "far",
      TEST_IMAGE,
      "ping",
      "-c",
      "1",
      "-w",
      "5",
      "server",
    );
    expect(other.code).toBe(0);
    await docker("rm", "-f", "server");
    expect(JSON.parse(readFileSync(addresses, "utf8"))).toEqual({ "10.97.5.0/24": ["10.97.5.1"] });
    expect((await docker("network", "rm", "far")).stdout).toBe("far\n");
    expect(JSON.parse(readFileSync(addresses, "utf8"))).toEqual({});
  });

  test("a running container joins and leaves such a network", async () => {
    await docker("network", "create", "-d", "bridges", "second");
    await docker("run", "-d", "--name", "joiner", TEST_IMAGE, "sleep", "1000");
    expect((await docker("network", "connect", "second", "joiner")).stderr).toBe("");
    expect((await docker("exec", "joiner", "ip", "-o", "link")).stdout).toContain("eth1");
    expect((await docker("network", "disconnect", "second", "joiner")).stderr).toBe("");
    expect((await docker("exec", "joiner", "ip", "-o", "link")).stdout).not.toContain("eth1");
    await docker("rm", "-f", "joiner");
    expect((await docker("network", "rm", "second")).code).toBe(0);
  });

  test("the engine's own bridge takes addresses of a plug-in", async () => {
    expect((await docker("network", "create", "--ipam-driver", "addresses", "mixed")).code).toBe(0);
    const [{ Subnet: subnet }] = (await inspect("mixed")).IPAM.Config;
    expect(subnet).toMatch(/^10\.97\.\d+\.0\/24$/);
    const run = await docker("run", "--rm", "--network", "mixed", TEST_IMAGE, "ip", "-o", "-4", "addr");
    expect(run.stdout).toContain(` ${subnet.replace(/0\/24$/, "2/24")} `);
    await docker("network", "rm", "mixed");
    expect(JSON.parse(readFileSync(addresses, "utf8"))).toEqual({});
  });

  test("what nobody knows is not found, and a refusal has the plug-in's words", async () => {
    expect((await docker("network", "create", "-d", "nosuch", "n")).stderr).toBe(
      'Error response from daemon: plugin "nosuch" not found\n',
    );
    expect((await docker("network", "create", "--ipam-driver", "nosuch", "n")).stderr).toBe(
      'Error response from daemon: plugin "nosuch" not found\n',
    );
    const foreign = ["network", "create", "--ipam-driver", "addresses", "--subnet", "10.1.0.0/24", "n"];
    expect((await docker(...foreign)).stderr).toBe(
      "Error response from daemon: remote: not a pool of mine: 10.1.0.0/24\n",
    );
    expect((await docker("network", "create", "-d", "addresses", "n")).stderr).toContain(
      "Plugin does not implement the requested driver",
    );
  });

  test("lies are refused, and one that hangs holds up nobody else", async () => {
    const lies: Record<string, string> = {
      "/Plugin.Activate": '{"Implements":["NetworkDriver"]}',
      "/NetworkDriver.GetCapabilities": '{"Scope":"local"}',
      "/NetworkDriver.CreateEndpoint": '{"Interface":{"Address":"10.9.9.9/24"}}',
      "/NetworkDriver.Join": '{"InterfaceName":{"SrcName":"../lo","DstPrefix":"eth"}}',
    };
    const asked: string[] = [];
    const liar: Server = createServer((request, response) => {
      asked.push(request.url!);
      if (lies[request.url!] !== "hang") response.end(lies[request.url!] ?? "{}");
    });
    const socketPath = join(harness.engine.directory, "liar.sock");
    liar.listen(socketPath);
    await once(liar, "listening");
    writeFileSync(join(harness.engine.runRoot, "plugins/liar.spec"), `unix://${socketPath}`);
    await docker("network", "create", "-d", "liar", "lies");
    const run = async () => (await docker("run", "--rm", "--network", "lies", TEST_IMAGE, "true")).stderr;
    expect(await run()).toContain("driver modified interface address: endpoint interface IP present (");
    lies["/NetworkDriver.CreateEndpoint"] = "{}";
    expect(await run()).toContain("failed to set interface name: invalid interface name: ../lo");
    lies["/NetworkDriver.Join"] = '{"InterfaceName":{"SrcName":"nosuchlink","DstPrefix":"eth"}}';
    expect(await run()).toContain("Link not found");
    expect(asked.filter((url) => url === "/NetworkDriver.Leave").length).toBeGreaterThan(0);
    lies["/NetworkDriver.Join"] = "[1]";
    expect(await run()).toContain("error reading plugin resp");
    lies["/NetworkDriver.CreateNetwork"] = "hang";
    const stuck = docker("network", "create", "-d", "liar", "stuck");
    while (!asked.includes("/NetworkDriver.CreateNetwork")) await once(liar, "request");
    expect((await docker("network", "create", "quick")).code).toBe(0);
    expect((await docker("run", "--rm", "--network", "quick", TEST_IMAGE, "echo", "fine")).stdout).toBe(
      "fine\n",
    );
    expect((await docker("network", "prune", "-f")).stdout).toContain("quick\n");
    liar.closeAllConnections();
    liar.close();
    await harness.engine.crash();
    expect((await stuck).code).toBe(1);
    await harness.engine.restart();
    expect((await docker("network", "ls", "--format", "{{.Name}}")).stdout).not.toContain("quick");
    for (const name of ["lies", "stuck"]) await docker("network", "rm", name);
  });
});

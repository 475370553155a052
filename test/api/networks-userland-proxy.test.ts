import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { untilTrue } from "../faults/until.ts";
import { debianRoot } from "../fixtures/debian-root.ts";
import { type DockerCli, dockerCli, removeContainers } from "../fixtures/docker-cli.ts";
import { startEngine, type TestEngine } from "../fixtures/engine.ts";
import { askUdp, refuses, UDP_ECHO } from "../fixtures/published-ports.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { importTestImage, TEST_IMAGE } from "./harness.ts";

const SERVE = "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www";

/** An address of IPv6 of this machine that is not the loopback's. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.family === "IPv6" && !entry.internal && entry.scopeid === 0)?.address;

/** Machines exist that have no IPv6: there is nothing to publish on then. */
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((entry) => entry?.family === "IPv6");

/** An engine with busybox. */
async function engineWith(flags: string[]): Promise<{ engine: TestEngine; docker: DockerCli }> {
  const engine = await startEngine({ flags });
  const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
  await importTestImage(engine, docker);
  return { engine, docker };
}

function outputOf(docker: DockerCli): (...args: string[]) => Promise<string> {
  return async (...args) => {
    const { stdout, stderr, code } = await docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
}

const page = async (address: string, port: number) =>
  await runOrThrow([
    "curl",
    "-sg",
    "-m",
    "5",
    `http://${address.includes(":") ? `[${address}]` : address}:${port}/`,
  ]);

/** Removes all containers and networks and ends the engine; nothing may be left of it. */
async function endEngine(engine: TestEngine, docker: DockerCli): Promise<void> {
  await removeContainers(docker);
  await engine[Symbol.asyncDispose]();
}

describe.skipIf(!hasIpv6)("ports of containers without IPv6 on the host's IPv6 addresses", () => {
  let engine: TestEngine;
  let docker: DockerCli;
  let out: (...args: string[]) => Promise<string>;
  const listening = (name: string, port: number, table = "tcp") => {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const loop = `until grep -q ':${hex} ' /proc/net/${table} /proc/net/${table}6; do usleep 10000; done`;
    return out("exec", name, "sh", "-c", loop);
  };
  const serve = async (name: string, ...flags: string[]) => {
    await out("run", "-d", "--name", name, ...flags, TEST_IMAGE, "sh", "-c", SERVE);
    await listening(name, 80);
  };
  const portOf = async (name: string, port: string) =>
    Number((await out("port", name, port)).split("\n")[0]!.split(":").at(-1));

  beforeAll(async () => {
    ({ engine, docker } = await engineWith(["--default-address-pool", "base=10.236.0.0/16,size=24"]));
    out = outputOf(docker);
    await serve("web", "-p", "80");
  }, 30_000);

  afterAll(async () => await endEngine(engine, docker), 30_000);

  test("one host port for both families, shown as docker shows it", async () => {
    const port = await portOf("web", "80/tcp");
    expect(await out("port", "web")).toBe(`80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}`);
    expect(await out("port", "web", "80")).toBe(`0.0.0.0:${port}\n[::]:${port}`);
    expect(await out("ps", "--filter", "name=web", "--format", "{{.Ports}}")).toBe(
      `0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp`,
    );
    expect(JSON.parse(await out("inspect", "-f", "{{json .NetworkSettings.Ports}}", "web"))).toEqual({
      "80/tcp": [
        { HostIp: "0.0.0.0", HostPort: `${port}` },
        { HostIp: "::", HostPort: `${port}` },
      ],
    });
  });

  test("callers by IPv6 are served", async () => {
    const port = await portOf("web", "80/tcp");
    for (const address of ["127.0.0.1", "::1", ...(outside ? [outside] : [])]) {
      expect(await page(address, port)).toBe("served\n");
    }
    const wget = ["wget", "-q", "--no-proxy", "-O-", `http://[::1]:${port}/`];
    expect(await runOrThrow(wget)).toBe("served\n");
    // The port is held for both families at once.
    const again = await docker(["run", "--rm", "-p", `[::]:${port}:80`, TEST_IMAGE, "true"]);
    expect([again.code, again.stderr]).toEqual([
      125,
      expect.stringContaining(`Bind for :::${port} failed: port is already allocated`),
    ]);
  });

  test("an address of IPv6 alone, the loopback's too", async () => {
    await serve("six", "-p", "[::1]::80", "-p", "[::]::81", "-p", "82/sctp");
    const port = await portOf("six", "80/tcp");
    expect(await out("port", "six", "80")).toBe(`[::1]:${port}`);
    expect(await out("port", "six", "81")).toMatch(/^\[::\]:\d+$/);
    expect(await out("port", "six", "82/sctp")).toMatch(/^0\.0\.0\.0:\d+$/);
    expect(await page("::1", port)).toBe("served\n");
    expect(await refuses("127.0.0.1", port)).toBe(true);
    if (outside) expect(await refuses(outside, port)).toBe(true);
    await out("rm", "-f", "six");
    expect(await refuses("::1", port)).toBe(true);
  }, 15_000);

  test("datagrams", async () => {
    // busybox has no program that answers datagrams; Debian's perl does, from its own tree.
    const tree = ["-v", `${await debianRoot()}:/debian:ro`];
    const perl = ["chroot", "/debian", "perl", "-MSocket", "-e", UDP_ECHO];
    await out("run", "-d", "--name", "udp", "-p", "53/udp", ...tree, TEST_IMAGE, ...perl);
    const port = await portOf("udp", "53/udp");
    expect(await out("port", "udp")).toBe(`53/udp -> 0.0.0.0:${port}\n53/udp -> [::]:${port}`);
    for (const address of ["::1", ...(outside ? [outside] : [])]) {
      expect(await askUdp(address, port)).toBe("question\n");
    }
    await out("rm", "-f", "udp");
  }, 15_000);

  test("a container that has IPv6 is served at ::1 as well, and at link-local addresses", async () => {
    await out(
      "network",
      "create",
      "--ipv6",
      "--subnet",
      "10.236.200.0/24",
      "--subnet",
      "fd00:236::/64",
      "both",
    );
    await serve("dual", "--network", "both", "-p", "80");
    const port = await portOf("dual", "80/tcp");
    const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
      entries!
        .filter(({ address }) => address.startsWith("fe80:"))
        .map(({ address }) => `${address}%25${name}`),
    )[0];
    expect(linkLocal).toBeDefined();
    for (const address of ["127.0.0.1", "::1", linkLocal!, ...(outside ? [outside] : [])]) {
      expect(await page(address, port)).toBe("served\n");
    }
    await out("rm", "-f", "dual");
  }, 15_000);

  test("a routed network has no proxy", async () => {
    const mode = ["-o", "com.docker.network.bridge.gateway_mode_ipv4=routed"];
    await out("network", "create", ...mode, "routed");
    await serve("direct", "--network", "routed", "-p", "80");
    expect(await out("ps", "--filter", "name=direct", "--format", "{{.Ports}}")).toBe("80/tcp");
    await out("rm", "-f", "direct");
  }, 15_000);

  test("clients that vanish leave nothing in the engine", async () => {
    const port = await portOf("web", "80/tcp");
    const descriptors = () => readdirSync(`/proc/${engine.pid()}/fd`).length;
    // What the engine opens for its own work in between is far less than two for each client.
    const before = descriptors();
    const clients = Array.from({ length: 60 }, () => connect(port, "::1"));
    await Promise.all(clients.map((client) => once(client, "connect")));
    await untilTrue(() => descriptors() >= before + 90);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.resetAndDestroy();
      else client.destroy();
    }
    await untilTrue(() => descriptors() <= before + 20);
  });

  test("after a crash of the engine its proxies are there again", async () => {
    const port = await portOf("web", "80/tcp");
    await engine.crash();
    expect(await refuses("::1", port)).toBe(true);
    await engine.restart();
    expect(await page("::1", port)).toBe("served\n");
    expect(await out("port", "web")).toBe(`80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}`);
    await out("stop", "-t", "0", "web");
    await untilTrue(() => refuses("::1", port));
    // What another program has is its own.
    const own = createServer().listen(0, "::");
    await once(own, "listening");
    const { port: taken } = own.address() as AddressInfo;
    const fixed = await docker(["run", "--rm", "-p", `[::]:${taken}:80`, TEST_IMAGE, "true"]);
    expect(fixed.stderr).toContain(`failed to bind host port for [::]:${taken}:`);
    expect(fixed.stderr).toContain(":80/tcp: address already in use");
    own.close();
  }, 30_000);
});

test.skipIf(!hasIpv6)(
  "the configuration turns that off, and nothing else",
  async () => {
    using folder = makeTempDir("no-proxy");
    const config = join(folder.path, "daemon.json");
    const configure = (proxy: boolean) => writeFileSync(config, JSON.stringify({ "userland-proxy": proxy }));
    configure(true);
    const { engine, docker } = await engineWith([
      "--config-file",
      config,
      "--default-address-pool",
      "base=10.237.0.0/16,size=24",
    ]);
    try {
      const out = outputOf(docker);
      await out("run", "-d", "--name", "web", "-p", "80", TEST_IMAGE, "sh", "-c", SERVE);
      // Containers that run keep what they were started with.
      const before = await out("port", "web", "80");
      const first = Number(before.split(":").at(-1));
      await untilTrue(async () => !(await refuses("127.0.0.1", first)));
      configure(false);
      await engine.stop();
      await engine.restart();
      expect(await out("port", "web", "80")).toBe(before);
      expect(await page("::1", first)).toBe("served\n");
      await out("restart", "-t", "0", "web");
      expect(await out("port", "web", "80")).toMatch(/^0\.0\.0\.0:\d+$/);
      const port = Number((await out("port", "web", "80")).split(":").at(-1));
      await untilTrue(async () => !(await refuses("127.0.0.1", port)));
      expect(await page("127.0.0.1", port)).toBe("served\n");
      expect(await refuses("::1", port)).toBe(true);
      const loopback = await docker(["run", "--rm", "-p", "[::1]::80", TEST_IMAGE, "true"]);
      expect(loopback.stderr).toContain("publishing ports on ::1 is not supported without a userland proxy");
      const crossing = await docker(["run", "--rm", "-p", "[::]::80", TEST_IMAGE, "true"]);
      expect(crossing.stderr).toContain("the container has no address of that family");
    } finally {
      await endEngine(engine, docker);
    }
  },
  30_000,
);

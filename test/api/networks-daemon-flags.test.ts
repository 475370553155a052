import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { untilTrue } from "../faults/until.ts";
import { type DockerCli, dockerCli, removeContainers } from "../fixtures/docker-cli.ts";
import { startEngine } from "../fixtures/engine.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { importTestImage, TEST_IMAGE } from "./harness.ts";

describe("daemon flags of networks with the docker command line", () => {
  /** Runs `work` against an engine with these flags; nothing may be left of it. */
  async function withEngine(flags: string[], work: (docker: DockerCli) => Promise<void>): Promise<void> {
    // Other suites may have used up the pools that every engine starts from.
    const own = flags.includes("--default-address-pool")
      ? []
      : ["--default-address-pool", "base=10.223.0.0/16,size=24"];
    await using engine = await startEngine({ flags: [...flags, ...own] });
    const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
    await importTestImage(engine, docker);
    try {
      await work(docker);
    } finally {
      await removeContainers(docker);
    }
  }

  const folder = makeTempDir("daemon-flags");
  afterAll(() => folder[Symbol.dispose]());

  function configFile(content: object): string {
    const path = join(folder.path, "daemon.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  async function run(docker: DockerCli, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await docker(args);
    return stdout + stderr;
  }

  test("the default bridge, its range, gateway, publish address and pools are the configuration's", async () => {
    const flags = [
      "--bip",
      "10.219.0.1/16",
      "--fixed-cidr",
      "10.219.7.0/24",
      "--default-gateway",
      "10.219.0.9",
      "--ip",
      "127.0.0.1",
      "--default-address-pool",
      "base=10.220.0.0/16,size=28",
      "--ipv6",
      "--fixed-cidr-v6",
      "fd00:219::/64",
    ];
    await withEngine(flags, async (docker) => {
      const out = await run(
        docker,
        "run",
        "--rm",
        TEST_IMAGE,
        "sh",
        "-c",
        "ip addr show eth0; ip route; ip -6 addr",
      );
      expect(out).toContain("10.219.7.");
      expect(out).toContain("/16");
      expect(out).toContain("default via 10.219.0.9");
      expect(out).toContain("fd00:219::");
      await run(docker, "run", "-d", "--name", "web", "-p", "80", TEST_IMAGE, "sleep", "60");
      expect(
        (await run(docker, "port", "web")).split("\n").filter((line) => line.includes("127.0.0.1:")),
      ).toHaveLength(1);
      await run(docker, "network", "create", "small");
      expect(
        await run(docker, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "small"),
      ).toBe("10.220.0.0/28\n");
    });
  }, 30_000);

  test("icc=false keeps containers of the default bridge apart", async () => {
    await withEngine(["--icc=false"], async (docker) => {
      await run(docker, "run", "-d", "--name", "one", TEST_IMAGE, "sleep", "60");
      const address = (
        await run(docker, "inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "one")
      ).trim();
      expect(await run(docker, "run", "--rm", TEST_IMAGE, "ping", "-c1", "-W1", address)).toContain(
        "0 packets received",
      );
      await run(docker, "run", "-d", "--name", "db", "--expose", "80", TEST_IMAGE, "httpd", "-f", "-p", "80");
      await run(docker, "run", "-d", "--name", "app", "--link", "db:store", TEST_IMAGE, "sleep", "60");
      const ask = (where: string, from = "app") =>
        run(docker, "exec", from, "sh", "-c", `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${where} 80`);
      expect(await ask("store")).toContain("404 Not Found");
      expect(await run(docker, "exec", "app", "ping", "-c1", "-W1", "store")).toContain("0 packets received");
      const place = async (name: string) =>
        (await run(docker, "inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", name)).trim();
      expect(await ask(await place("db"), "one")).toContain("timed out");
      // The other one comes back with another address: the link leads there, and the old place is closed.
      await run(docker, "stop", "-t", "0", "db");
      await run(docker, "run", "-d", "--name", "heir", TEST_IMAGE, "httpd", "-f", "-p", "80");
      await untilTrue(async () => (await ask(await place("heir"))).includes("timed out"));
      await run(docker, "start", "db");
      await untilTrue(async () => (await ask("store")).includes("404 Not Found"));
      expect(await ask(await place("heir"))).toContain("timed out");
      await run(docker, "rm", "--link", "/app/store");
      expect(await ask(await place("db"))).toContain("timed out");
    });
  }, 30_000);

  test("an engine without a default bridge leaves its containers alone with themselves", async () => {
    await withEngine(["--bridge", "none"], async (docker) => {
      expect(await run(docker, "network", "ls", "--format", "{{.Name}}")).toBe("host\nnone\n");
      expect(await run(docker, "run", "--rm", TEST_IMAGE, "ls", "/sys/class/net")).toBe("lo\n");
    });
  }, 30_000);

  test("a bridge that the administrator made is used and left", async () => {
    const bridge = "gt-test-own";
    execFileSync("ip", ["link", "add", bridge, "type", "bridge"]);
    try {
      execFileSync("ip", ["addr", "add", "10.221.0.1/24", "dev", bridge]);
      await withEngine(["-b", bridge], async (docker) => {
        const out = await run(
          docker,
          "run",
          "--rm",
          TEST_IMAGE,
          "sh",
          "-c",
          "ip addr show eth0; ping -c1 -W2 10.221.0.1",
        );
        expect(out).toContain("10.221.0.2/24");
        expect(out).toContain("1 packets received");
      });
      expect(execFileSync("ip", ["addr", "show", bridge], { encoding: "utf8" })).toContain("10.221.0.1/24");
    } finally {
      execFileSync("ip", ["link", "delete", bridge]);
    }
  }, 30_000);

  test("a default bridge that is made anew leaves other networks their subnets", async () => {
    const pool = ["--default-address-pool", "base=10.247.0.0/16,size=24"];
    const flags = ["--config-file", configFile({ bip: "10.246.0.1/24" }), ...pool];
    await using engine = await startEngine({ flags });
    const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
    const subnet = (name: string) =>
      run(docker, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name);
    await run(docker, "network", "create", "first");
    expect([await subnet("bridge"), await subnet("first")]).toEqual(["10.246.0.0/24\n", "10.247.0.0/24\n"]);
    await engine.stop();
    configFile({ ipv6: true });
    await engine.restart();
    expect([await subnet("bridge"), await subnet("first")]).toEqual(["10.247.1.0/24\n", "10.247.0.0/24\n"]);
    await run(docker, "network", "rm", "first");
  }, 30_000);

  test("names, addresses of the host and options of networks are the configuration's", async () => {
    const config = { "default-network-opts": { bridge: { "com.docker.network.driver.mtu": "1400" } } };
    await withEngine(
      [
        ["--dns", "192.0.2.53"],
        ["--dns-search", "corp.test"],
        ["--dns-opt", "timeout:3"],
        ["--host-gateway-ip", "192.0.2.9"],
        ["--config-file", configFile(config)],
      ].flat(),
      async (docker) => {
        const resolv = await run(docker, "run", "--rm", TEST_IMAGE, "cat", "/etc/resolv.conf");
        for (const line of ["nameserver 192.0.2.53", "search corp.test", "options timeout:3"]) {
          expect(resolv).toContain(`${line}\n`);
        }
        const own = await run(
          docker,
          "run",
          "--rm",
          "--dns",
          "192.0.2.54",
          TEST_IMAGE,
          "cat",
          "/etc/resolv.conf",
        );
        expect(own).not.toContain("192.0.2.53");
        const hosts = ["run", "--rm", "--add-host", "up:host-gateway", TEST_IMAGE, "cat", "/etc/hosts"];
        expect(await run(docker, ...hosts)).toContain("192.0.2.9\tup\n");
        await run(docker, "network", "create", "narrow");
        const link = ["run", "--rm", "--network", "narrow", TEST_IMAGE, "cat", "/sys/class/net/eth0/mtu"];
        expect(await run(docker, ...link)).toBe("1400\n");
        const wide = ["network", "create", "-o", "com.docker.network.driver.mtu=1300", "wide"];
        await run(docker, ...wide);
        const options = ["network", "inspect", "-f", "{{json .Options}}", "wide"];
        expect(await run(docker, ...options)).toBe('{"com.docker.network.driver.mtu":"1300"}\n');
      },
    );
  }, 30_000);

  test("without rules of its own the engine publishes no port", async () => {
    await withEngine(["--iptables=false"], async (docker) => {
      expect(await run(docker, "run", "--rm", TEST_IMAGE, "echo", "up")).toBe("up\n");
      expect(await run(docker, "run", "--rm", "-p", "0:80", TEST_IMAGE, "true")).toContain(
        "--iptables=false",
      );
    });
  }, 30_000);

  test.each([
    [["--bridge", "gt-nowhere"], "must be created manually"],
    [["--bridge", "x", "--bip", "10.0.0.1/24"], "You specified -b & --bip"],
    [["--bip", "10.0.0.1"], "invalid CIDR address: 10.0.0.1"],
    [["--bip", "10.0.0.1/24", "--fixed-cidr", "10.1.0.0/24"], "is not within the network of bip"],
    [["--ip", "nonsense"], "invalid IP address: nonsense"],
    [["--iptables=false", "--icc=false"], "You specified --iptables=false with --icc=false"],
    [["--default-address-pool", "base=10.0.0.0/8"], "invalid default address pool"],
    [["--userland-proxy-path", "/bin/proxy"], "--userland-proxy-path is not supported"],
    [["--firewall-backend", "iptables"], "all rules are in nftables"],
    [["--dns", "here"], "here is not an ip address"],
    [["--dns-search", "a b"], "a b is not a valid domain"],
    [["--default-network-opt", "bridge"], "invalid default network option: bridge"],
    [["--ip-forward-no-drop=false"], "the policy for packets that are not containers' is the host's"],
    [["--respect-host-firewall", "--iptables=false"], "needs packet filter rules"],
  ])("%j is refused", async (flags, text) => {
    await expect(startEngine({ flags })).rejects.toThrow(text);
  });
});

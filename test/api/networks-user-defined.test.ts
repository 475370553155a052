import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { untilTrue } from "../faults/until.ts";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** The one link that is a port of the bridge. */
function portOf(bridge: string): string {
  const links = execFileSync("ip", ["-o", "link", "show", "master", bridge], { encoding: "utf8" });
  return /\d+: ([^@:]+)/.exec(links)?.[1] ?? "";
}

describe("user-defined networks with the docker command line", () => {
  // Pools of its own: engines of other suites may have used up those that every engine starts from.
  const harness = useEngine({ flags: ["--default-address-pool", "base=10.222.0.0/16,size=24"] });

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  async function refused(...args: string[]): Promise<string> {
    const { code, stderr } = await harness.docker(args);
    expect(code).not.toBe(0);
    return stderr.trim();
  }

  /** Nobody listens there: what the engine does not know itself nobody does, and no question leaves the machine. */
  const NO_SERVER = ["--dns", "127.213.0.1"];

  /** What busybox's nslookup says; its exit code tells nothing. */
  async function lookUp(container: string, name: string): Promise<string> {
    const { stdout, stderr } = await harness.docker(["exec", container, "nslookup", name]);
    return stdout + stderr;
  }

  const UNKNOWN = /can't find|SERVFAIL|NXDOMAIN/;

  const inspect = async (name: string) => JSON.parse(await docker("inspect", name))[0];

  test("containers of a network find each other by name, id and alias, and nobody else's", async () => {
    await docker("network", "create", "names");
    await docker("network", "create", "others");
    await docker(
      "run",
      "-d",
      ...NO_SERVER,
      "--name",
      "web",
      "--network",
      "names",
      "--network-alias",
      "www",
      TEST_IMAGE,
      "sleep",
      "300",
    );
    await docker("run", "-d", "--name", "hidden", "--network", "others", TEST_IMAGE, "sleep", "300");
    const id = (await docker("ps", "-q", "--filter", "name=web")).slice(0, 12);
    await docker(
      "run",
      "-d",
      ...NO_SERVER,
      "--name",
      "asker",
      "--network",
      "names",
      TEST_IMAGE,
      "sleep",
      "300",
    );
    const address = (await inspect("web")).NetworkSettings.Networks.names.IPAddress;
    for (const name of ["web", "WEB", "www", id, "web.names"]) {
      expect(await docker("exec", "asker", "nslookup", name)).toContain(`Address: ${address}`);
    }
    expect(await docker("exec", "asker", "ping", "-c1", "-W2", "web")).toContain("1 packets received");
    expect(await lookUp("asker", "hidden")).toMatch(UNKNOWN);
    expect(await docker("exec", "asker", "nslookup", address)).toContain("web.names");
    expect(await docker("exec", "asker", "cat", "/etc/resolv.conf")).toContain("nameserver 127.0.0.11\n");
    expect(await docker("exec", "asker", "nslookup", "host.docker.internal")).toContain(
      (await inspect("asker")).NetworkSettings.Networks.names.Gateway,
    );
    expect((await inspect("web")).NetworkSettings.Networks.names.DNSNames).toEqual(["web", "www", id]);
  });

  test("names go on after the engine crashed, and follow a rename", async () => {
    await harness.engine.crash();
    await harness.engine.restart();
    expect(await docker("exec", "asker", "nslookup", "web")).toMatch(/Name:\t.*\nAddress: /);
    await docker("rename", "web", "shop");
    expect(await docker("exec", "asker", "nslookup", "shop")).toMatch(/Name:\t.*\nAddress: /);
    expect(await lookUp("asker", "web")).toMatch(UNKNOWN);
  });

  test("a running container is connected and disconnected", async () => {
    await docker("network", "connect", "--alias", "second", "others", "asker");
    expect(await docker("exec", "asker", "nslookup", "hidden")).toMatch(/Name:\t.*\nAddress: /);
    expect(await docker("exec", "hidden", "ping", "-c1", "-W2", "second")).toContain("1 packets received");
    expect(await docker("exec", "asker", "ip", "addr")).toContain("eth1");
    expect(await refused("network", "connect", "others", "asker")).toContain(
      "endpoint with name asker already exists in network others",
    );
    const { others } = (await inspect("asker")).NetworkSettings.Networks;
    expect(await docker("exec", "asker", "cat", "/etc/hosts")).toContain(others.IPAddress);
    await docker("restart", "-t", "0", "asker");
    expect(await docker("exec", "asker", "nslookup", "hidden")).toMatch(/Name:\t.*\nAddress: /);
    await docker("network", "disconnect", "others", "asker");
    expect(await lookUp("asker", "hidden")).toMatch(UNKNOWN);
    expect(Object.keys((await inspect("asker")).NetworkSettings.Networks)).toEqual(["names"]);
    expect(await refused("network", "disconnect", "others", "asker")).toContain(
      "is not connected to network others",
    );
  });

  test("published ports and the default route follow the gateway priority", async () => {
    await docker("network", "create", "front");
    await docker(
      "run",
      "-d",
      "--name",
      "moving",
      "--network",
      "names",
      "-p",
      "127.0.0.1:0:80",
      TEST_IMAGE,
      "httpd",
      "-f",
      "-p",
      "80",
    );
    const route = () => docker("exec", "moving", "ip", "route", "show", "default");
    expect(await route()).toContain("eth0");
    await docker("network", "connect", "--gw-priority", "10", "front", "moving");
    expect(await route()).toContain("eth1");
    const place = await docker("port", "moving", "80/tcp");
    expect((await fetch(`http://${place.split("\n")[0]}/`)).status).toBe(404);
    await docker("network", "disconnect", "front", "moving");
    expect(await route()).toContain("eth0");
    const back = await docker("port", "moving", "80/tcp");
    expect((await fetch(`http://${back.split("\n")[0]}/`)).status).toBe(404);
    await docker("rm", "-f", "moving");
  });

  test("a port is published on each family's own way out", async () => {
    await docker("network", "create", "--ipv4=false", "--ipv6", "six");
    const serving = ["--network", "names", "--network", "six", "-p", "48080:80"];
    await docker("run", "-d", "--name", "twice", ...serving, TEST_IMAGE, "httpd", "-f", "-p", "[::]:80");
    const places = async () => (await docker("port", "twice", "80/tcp")).split("\n").filter(Boolean);
    expect(await places()).toEqual(["0.0.0.0:48080", "[::]:48080"]);
    await untilTrue(
      async () => (await fetch("http://127.0.0.1:48080/").catch(() => undefined))?.status === 404,
    );
    await docker("network", "disconnect", "six", "twice");
    expect(await places()).toContain("0.0.0.0:48080");
    await docker("network", "connect", "six", "twice");
    expect(await places()).toEqual(["0.0.0.0:48080", "[::]:48080"]);
    await docker("rm", "-f", "twice");
    await docker("network", "rm", "six");
  });

  test("a container that turned IPv6 off has no address of it", async () => {
    await docker("network", "create", "--ipv6", "dual");
    const off = ["--sysctl", "net.ipv6.conf.all.disable_ipv6=1"];
    await docker("run", "-d", "--name", "four", "--network", "dual", ...off, TEST_IMAGE, "sleep", "60");
    const { IPAddress, GlobalIPv6Address } = (await inspect("four")).NetworkSettings.Networks.dual;
    expect([IPAddress !== "", GlobalIPv6Address]).toEqual([true, ""]);
    expect(await docker("exec", "four", "cat", "/etc/hosts")).not.toContain("::");
    await docker("rm", "-f", "four");
    await docker("network", "rm", "dual");
  });

  test("addresses, ranges and IPv6 as asked for", async () => {
    await docker(
      "network",
      "create",
      "--subnet",
      "10.213.0.0/16",
      "--ip-range",
      "10.213.5.0/24",
      "--gateway",
      "10.213.5.254",
      "--aux-address",
      "printer=10.213.5.0",
      "--ipv6",
      "--subnet",
      "fd00:213::/64",
      "--label",
      "kind=test",
      "planned",
    );
    const run = ["run", "--rm", "--network", "planned"];
    expect(await docker(...run, TEST_IMAGE, "ip", "-4", "addr", "show", "eth0")).toContain("10.213.5.1/16");
    const out = await docker(
      ...run,
      "--ip",
      "10.213.9.9",
      "--ip6",
      "fd00:213::99",
      "--mac-address",
      "02:42:aa:bb:cc:dd",
      TEST_IMAGE,
      "ip",
      "addr",
      "show",
      "eth0",
    );
    for (const part of ["10.213.9.9/16", "fd00:213::99/64", "02:42:aa:bb:cc:dd"]) expect(out).toContain(part);
    expect(await refused(...run, "--ip", "10.214.0.1", TEST_IMAGE, "true")).toContain(
      "no configured subnet or ip-range contain the IP address 10.214.0.1",
    );
    expect(
      await refused("run", "--rm", "--network", "names", "--ip", "10.214.0.1", TEST_IMAGE, "true"),
    ).toContain(
      "user specified IP address is supported only when connecting to networks with user configured subnets",
    );
    expect(await refused("run", "--rm", "--ip", "10.214.0.1", TEST_IMAGE, "true")).toContain(
      "user specified IP address is supported on user defined networks only",
    );
    expect(await refused("network", "create", "--subnet", "10.213.128.0/24", "clash")).toContain(
      "Pool overlaps with other one on this address space",
    );
    expect(await refused("network", "create", "planned")).toContain(
      "network with name planned already exists",
    );
    expect(await docker("network", "inspect", "-f", "{{.EnableIPv6}}", "planned")).toBe("true");
    // Only this project's own command line asks in an API version that counts addresses.
    const own = dockerCli(
      harness.engine.host,
      join(harness.engine.directory, "own-config"),
      new Map(commandLines).get("gantry")!,
    );
    const counted = await own(["network", "inspect", "planned"]);
    expect(counted.stdout).toMatch(/"DynamicIPsAvailable": 1844674407370955161\d\b/);
    expect(await docker("network", "ls", "--filter", "label=kind=test", "--format", "{{.Name}}")).toBe(
      "planned",
    );
  });

  test("a network in use stays, an internal one leads nowhere, configurations are shared", async () => {
    expect(await refused("network", "rm", "names")).toMatch(
      /error while removing network: network names has active endpoints \(name:"\S+" id:"[0-9a-f]{12}"/,
    );
    await docker("network", "create", "--internal", "closed");
    const closed = ["run", "--rm", ...NO_SERVER, "--network", "closed", TEST_IMAGE];
    expect(await docker(...closed, "ip", "route")).not.toContain("default");
    const { stdout, stderr } = await harness.docker([...closed, "nslookup", "example.com"]);
    expect(stdout + stderr).toMatch(UNKNOWN);
    await docker("network", "create", "--config-only", "--subnet", "10.215.0.0/24", "plan");
    await docker("network", "create", "--config-from", "plan", "from-plan");
    expect(await docker("run", "--rm", "--network", "from-plan", TEST_IMAGE, "ip", "addr")).toContain(
      "10.215.0.2/24",
    );
    expect(await refused("network", "rm", "plan")).toContain('configuration network "plan" is in use');
    expect(await refused("run", "--rm", "--network", "plan", TEST_IMAGE, "true")).toContain(
      "cannot create endpoint on configuration-only network",
    );
    await docker("network", "rm", "from-plan", "plan", "closed");
  });

  test("links tell names and variables", async () => {
    await docker(
      "run",
      "-d",
      "--name",
      "db",
      "--expose",
      "5432",
      "-e",
      "SECRET=x",
      TEST_IMAGE,
      "sleep",
      "300",
    );
    const { IPAddress: address } = (await inspect("db")).NetworkSettings.Networks.bridge;
    const out = await docker(
      "run",
      "--rm",
      "--link",
      "db:store",
      TEST_IMAGE,
      "sh",
      "-c",
      "env; cat /etc/hosts; ping -c1 -W2 store",
    );
    expect(out).toContain(`STORE_PORT=tcp://${address}:5432`);
    expect(out).toContain("STORE_ENV_SECRET=x");
    expect(out).toMatch(new RegExp(`${address}\\tstore \\w+ db`));
    expect(out).toContain("1 packets received");
    expect(
      await docker(
        "run",
        "--rm",
        ...NO_SERVER,
        "--network",
        "names",
        "--link",
        "shop:boutique",
        TEST_IMAGE,
        "nslookup",
        "boutique",
      ),
    ).toMatch(/Name:\t.*\nAddress: /);
    expect(await refused("run", "--rm", "--link", "nobody", TEST_IMAGE, "true")).toContain(
      "could not get container for nobody",
    );
  });

  test("a link that somebody deleted while the engine was down is made again", async () => {
    await docker("network", "create", "-o", "com.docker.network.bridge.name=gt-test-repair", "repaired");
    await docker("run", "-d", "--name", "cut", "--network", "repaired", TEST_IMAGE, "sleep", "300");
    const before = await docker("exec", "cut", "ip", "-4", "addr", "show", "eth0");
    await harness.engine.stop();
    execFileSync("ip", ["link", "delete", portOf("gt-test-repair")]);
    await harness.engine.restart();
    const address = /inet \S+/.exec(before)?.[0] ?? "none";
    expect(await docker("exec", "cut", "ip", "-4", "addr", "show", "eth0")).toContain(address);
    const gateway = (await inspect("cut")).NetworkSettings.Networks.repaired.Gateway;
    expect(await docker("exec", "cut", "ping", "-c1", "-W2", gateway)).toContain("1 packets received");
  });

  test("links and addresses that somebody deletes while the engine runs are there again", async () => {
    await docker("network", "create", "-o", "com.docker.network.bridge.name=gt-test-mended", "mended");
    const run = ["run", "-d", "--network", "mended", "-p", "127.0.0.1:0:80", "--name", "target"];
    await docker(...run, TEST_IMAGE, "httpd", "-f", "-p", "80");
    const place = (await docker("port", "target", "80/tcp")).split("\n")[0];
    const answers = async () => {
      const answer = await fetch(`http://${place}/`, { signal: AbortSignal.timeout(300) }).catch(
        () => undefined,
      );
      return answer?.status === 404;
    };
    await untilTrue(answers);
    const { Gateway: gateway } = (await inspect("target")).NetworkSettings.Networks.mended;
    for (const damage of [
      ["addr", "del", `${gateway}/24`, "dev", "gt-test-mended"],
      ["link", "del", portOf("gt-test-mended")],
      ["link", "del", "gt-test-mended"],
    ]) {
      execFileSync("ip", damage);
      await untilTrue(answers);
      expect(await docker("exec", "target", "ping", "-c1", "-W2", gateway)).toContain("1 packets received");
    }
    await docker("rm", "-f", "target");
    await docker("network", "rm", "mended");
  });

  test("macvlan and ipvlan say what they cannot do", async () => {
    expect(await refused("network", "create", "-d", "ipvlan", "-o", "ipvlan_mode=l9", "x")).toContain(
      "requested ipvlan mode 'l9' is not valid, 'l2' mode is the ipvlan driver default",
    );
    expect(await refused("network", "create", "-d", "ipvlan", "-o", "parent=lo", "x")).toContain(
      "loopback interface is not a valid ipvlan parent link",
    );
    for (const driver of ["ipvlan", "macvlan"]) {
      const { code, stderr } = await harness.docker(["network", "create", "-d", driver, "parentless"]);
      if (code === 0) await docker("network", "rm", "parentless");
      else expect(stderr).toMatch(/the kernel has no (dummy|ipvlan|macvlan) links/);
    }
    expect(await refused("network", "create", "-d", "nonsense", "x")).toContain(
      'plugin "nonsense" not found',
    );
    expect(await refused("network", "create", "bridge")).toContain(
      "operation is not permitted on predefined bridge network",
    );
  });

  test("unused networks are pruned", async () => {
    await docker("network", "create", "unused");
    await docker("network", "create", "--label", "keep", "kept");
    expect(await docker("network", "prune", "-f", "--filter", "label!=keep")).toContain("unused");
    expect(await docker("network", "ls", "--format", "{{.Name}}")).toContain("kept");
    await docker("network", "rm", "kept");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { debianRoot } from "../fixtures/debian-root.ts";
import { askUdp, refuses, UDP_ECHO } from "../fixtures/published-ports.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** An address of this machine that is not the loopback's. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.family === "IPv4" && !entry.internal)?.address;

describe("the networks of a container", () => {
  const harness = useEngine();
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const inside = (flags: readonly string[], script: string) =>
    out("run", "--rm", ...flags, TEST_IMAGE, "sh", "-c", script);
  const portOf = async (name: string, port: string) =>
    Number((await out("port", name, port)).split("\n")[0]!.split(":").at(-1));
  const listening = (name: string, port: number, table = "tcp") => {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    return out(
      "exec",
      name,
      "sh",
      "-c",
      `until grep -q ':${hex} ' /proc/net/${table} /proc/net/${table}6; do usleep 10000; done`,
    );
  };

  beforeAll(async () => {
    const serve = "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www";
    await out("run", "-d", "--name", "web", "-p", "80", TEST_IMAGE, "sh", "-c", serve);
    await listening("web", 80);
    // busybox has no program that answers datagrams; Debian's perl does, from its own tree.
    const tree = ["-v", `${await debianRoot()}:/debian:ro`];
    const perl = ["chroot", "/debian", "perl", "-MSocket", "-e", UDP_ECHO];
    await out("run", "-d", "--name", "udp", "-p", "53/udp", ...tree, TEST_IMAGE, ...perl);
  });

  test("bridge: an interface, a default route, names", async () => {
    const text = await inside([], "ip -o -4 addr show eth0; ip route; cat /etc/hosts");
    expect(text).toMatch(/inet \d+\.\d+\.\d+\.\d+\/\d+ /);
    expect(text).toMatch(/default via \d+\.\d+\.\d+\.1 dev eth0/);
    expect(text).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
    expect(text).toMatch(/^(?!127)\d+\.\d+\.\d+\.\d+\t[0-9a-f]{12}$/m);
  });

  test("none: the loopback and nothing else", async () => {
    expect(await inside(["--network", "none"], "ls /sys/class/net; cat /sys/class/net/lo/operstate")).toMatch(
      /^lo\n/,
    );
    expect(await inside(["--network", "none"], "ip -o addr show lo")).toContain("127.0.0.1/8");
  });

  test("host: the host's own", async () => {
    const own = (await Bun.$`ls /sys/class/net`.text()).split("\n").filter((name) => /^(lo|eth)/.test(name));
    const seen = (await inside(["--network", "host"], "ls /sys/class/net")).split("\n");
    for (const name of own) expect(seen).toContain(name);
    expect(await inside(["--network", "host"], "hostname")).toBe((await Bun.$`hostname`.text()).trim());
  });

  test("container: another's", async () => {
    const flags = ["--network", "container:web"];
    expect(await inside(flags, "wget -qO- http://127.0.0.1/")).toBe("served");
    expect(await inside(flags, "hostname")).toBe(await out("exec", "web", "hostname"));
  });

  test("a published tcp port answers on the host", async () => {
    const port = await portOf("web", "80/tcp");
    for (const address of ["127.0.0.1", ...(outside ? [outside] : [])]) {
      expect(await (await fetch(`http://${address}:${port}/`)).text()).toBe("served\n");
    }
  });

  test("a published port answers another container at the host's address", async () => {
    const port = await portOf("web", "80/tcp");
    const gateway = await inside([], "ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p'");
    for (const address of [gateway, ...(outside ? [outside] : [])]) {
      expect(await inside([], `wget -qO- http://${address}:${port}/`)).toBe("served");
    }
  });

  test("containers of the bridge reach each other", async () => {
    const address = await out("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web");
    expect(await inside([], `wget -qO- http://${address}/`)).toBe("served");
  });

  test("a published udp port answers on the host", async () => {
    const port = await portOf("udp", "53/udp");
    await listening("udp", 53, "udp");
    for (const address of ["127.0.0.1", ...(outside ? [outside] : [])]) {
      expect(await askUdp(address, port)).toBe("question\n");
    }
  });

  test("-p with an address is closed on others", async () => {
    await out("run", "-d", "--name", "local", "-p", "127.0.0.1::80", TEST_IMAGE, "httpd", "-f", "-p", "80");
    await listening("local", 80);
    const port = await portOf("local", "80/tcp");
    expect(await out("port", "local")).toBe(`80/tcp -> 127.0.0.1:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    if (outside) expect(await refuses(outside, port)).toBe(true);
    await out("rm", "-f", "local");
    expect(await refuses("127.0.0.1", port)).toBe(true);
  });

  test("a port is taken once", async () => {
    const port = await portOf("web", "80/tcp");
    const { code, stderr } = await harness.docker([
      "run",
      "--name",
      "second",
      "-p",
      `${port}:80`,
      TEST_IMAGE,
      "true",
    ]);
    expect(code).toBe(125);
    expect(stderr).toMatch(
      new RegExp(
        "^docker: Error response from daemon: failed to set up container networking: " +
          `driver failed programming external connectivity on endpoint second \\([0-9a-f]{64}\\): ` +
          `Bind for 0\\.0\\.0\\.0:${port} failed: port is already allocated\\n`,
      ),
    );
    expect(await out("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "second")).toBe("created 128");
    await out("rm", "second");
  });

  test("ps shows ports", async () => {
    const port = await portOf("web", "80/tcp");
    const ports = await out("ps", "--filter", "name=web", "--format", "{{.Ports}}");
    expect(ports).toContain(`0.0.0.0:${port}->80/tcp`);
  });

  test("--dns, --dns-search, --add-host", async () => {
    const flags = ["--dns", "192.0.2.1", "--dns-search", "example.test", "--add-host", "other:192.0.2.2"];
    const text = await inside([...flags, "--add-host", "up:host-gateway"], "cat /etc/resolv.conf /etc/hosts");
    expect(text).toContain("nameserver 192.0.2.1");
    expect(text).toContain("search example.test");
    expect(text).toMatch(/^192\.0\.2\.2\tother$/m);
    expect(text).toMatch(/^\d+\.\d+\.\d+\.1\tup$/m);
  });

  test("a network that is not there", async () => {
    const { code, stderr } = await harness.docker([
      "run",
      "--rm",
      "--network",
      "nowhere",
      TEST_IMAGE,
      "true",
    ]);
    expect([code, stderr.split("\n")[0]]).toEqual([
      125,
      "docker: Error response from daemon: failed to set up container networking: network nowhere not found",
    ]);
  });

  test("network ls and inspect", async () => {
    expect(await out("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")).toBe(
      "bridge bridge local\nhost host local\nnone null local",
    );
    const names = await out("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{end}}", "bridge");
    expect(names.split(" ").filter(Boolean).sort()).toEqual(["udp", "web"]);
  });

  test("what cannot be joined, left or linked is said in docker's words", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await harness.docker(args);
      expect(code).not.toBe(0);
      return stderr.split("\n")[0]!.replace(/^.*Error response from daemon: /, "");
    };
    await out("network", "create", "--ipv6", "--subnet", "fd00:214::/64", "--subnet", "10.242.0.0/24", "six");
    expect(await out("network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}} {{end}}", "six")).toBe(
      "10.242.0.0/24 fd00:214::/64",
    );
    const asking = (...flags: string[]) =>
      refused("run", "--rm", "--network", "six", ...flags, TEST_IMAGE, "true");
    expect(await asking("--ip6", "::ffff:10.9.9.9")).toContain("invalid endpoint settings:");
    expect(await asking("--link-local-ip", "169.253.5.5")).toContain("invalid endpoint settings:");
    await out("run", "-d", "--name", "shares", "--network", "host", TEST_IMAGE, "sleep", "60");
    expect(await refused("network", "disconnect", "host", "shares")).toBe(
      "cannot disconnect container from host network - container was created in host network mode",
    );
    expect(await refused("run", "--rm", "--link", "shares:other", TEST_IMAGE, "true")).toBe(
      "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
    );
    // A name of a network may be of a container that is still to come.
    await out(
      "run",
      "-d",
      "--name",
      "apart",
      "--network",
      "six",
      "--link",
      "later:soon",
      TEST_IMAGE,
      "sleep",
      "60",
    );
    expect(await refused("run", "--rm", "--link", "apart:other", TEST_IMAGE, "true")).toBe(
      "Cannot link to /apart, as it does not belong to the default network",
    );
    await out("create", "--name", "alone", "--network", "none", TEST_IMAGE, "true");
    expect(await refused("network", "connect", "--alias", "x", "bridge", "alone")).toBe(
      "invalid endpoint settings:",
    );
    await out("stop", "-t", "0", "apart");
    await out("network", "rm", "six");
    await out("network", "disconnect", "-f", "six", "apart");
    expect(await out("inspect", "-f", "{{len .NetworkSettings.Networks}}", "apart")).toBe("0");
    await out("rm", "-f", "shares", "apart", "alone");
  });

  afterAll(async () => {
    await harness.docker(["rm", "-f", "web", "udp"]);
  });
});

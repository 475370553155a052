import { beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { untilTrue } from "../faults/until.ts";
import { requireProgram } from "../fixtures/programs.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** Nobody listens there: what the engine does not know itself nobody does, and no question leaves the machine. */
const NO_SERVER = ["--dns", "127.213.0.1"];

const ruleset = () => execFileSync("nft", ["list", "ruleset"], { encoding: "utf8" });

/** The rules of everybody but engines, and this engine's own table by its subnets, without counters. */
function rulesOf(pool: string): string[] {
  return ruleset()
    .split("\n")
    .map((line) => line.replace(/packets \d+ bytes \d+/, "").trim())
    .filter((line) => line.includes(pool));
}

describe("docker's tour of networks", () => {
  const harness = useEngine({
    flags: [
      "--default-address-pool",
      "base=10.233.0.0/16,size=24",
      "--ipv6",
      "--fixed-cidr-v6",
      "fd00:233::/64",
    ],
  });
  let rulesBefore: string[] = [];

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  const start = (name: string, ...flags: string[]) =>
    docker("run", "-d", ...NO_SERVER, "--name", name, ...flags, TEST_IMAGE, "sleep", "600");

  async function pings(from: string, target: string): Promise<boolean> {
    const { stdout } = await harness.docker(["exec", from, "ping", "-c1", "-W1", target]);
    return stdout.includes("1 packets received");
  }

  const addressOn = async (name: string, network: string) =>
    docker("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);

  beforeAll(() => {
    rulesBefore = rulesOf("10.233.");
  });

  test("the default bridge: addresses, and no names", async () => {
    expect(await docker("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")).toBe(
      "bridge bridge local\nhost host local\nnone null local",
    );
    await start("alpine1");
    await start("alpine2");
    const [bridge] = JSON.parse(await docker("network", "inspect", "bridge"));
    const places = Object.values<Record<string, string>>(bridge.Containers).sort((a, b) =>
      a["Name"]! < b["Name"]! ? -1 : 1,
    );
    expect(places.map((place) => [place["Name"], place["MacAddress"]])).toEqual([
      ["alpine1", "02:42:0a:e9:00:02"],
      ["alpine2", "02:42:0a:e9:00:03"],
    ]);
    expect(places[0]!["IPv4Address"]).toBe("10.233.0.2/24");
    expect(places[0]!["IPv6Address"]).toBe("fd00:233::2/64");
    expect(await pings("alpine1", "10.233.0.3")).toBe(true);
    expect(await pings("alpine1", "fd00:233::3")).toBe(true);
    expect(await pings("alpine1", "alpine2")).toBe(false);
    await docker("rm", "-f", "alpine1", "alpine2");
  });

  test("a network of its own: names there, and two networks at once", async () => {
    await docker("network", "create", "--driver", "bridge", "alpine-net");
    for (const name of ["alpine1", "alpine2", "alpine4"]) await start(name, "--network", "alpine-net");
    await start("alpine3");
    await docker("network", "connect", "bridge", "alpine4");
    const members = await docker(
      "network",
      "inspect",
      "-f",
      "{{range .Containers}}{{.Name}} {{end}}",
      "alpine-net",
    );
    expect(members.split(" ").sort()).toEqual(["alpine1", "alpine2", "alpine4"]);
    for (const name of ["alpine1", "alpine2", "alpine4"]) expect(await pings("alpine1", name)).toBe(true);
    const alpine3 = await addressOn("alpine3", "bridge");
    expect(await pings("alpine1", "alpine3")).toBe(false);
    expect(await pings("alpine1", alpine3)).toBe(false);
    expect(await pings("alpine4", "alpine1")).toBe(true);
    expect(await pings("alpine4", "alpine3")).toBe(false);
    expect(await pings("alpine4", alpine3)).toBe(true);
    await docker("rm", "-f", "alpine1", "alpine2", "alpine3", "alpine4");
    await docker("network", "rm", "alpine-net");
  });

  test("nginx and curl meet by name, by IPv6 and by a published port", async () => {
    const scratch = join(harness.engine.directory, "nginx");
    await mkdir(scratch);
    const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path /tmp/${kind};`)
      .join(" ");
    await writeFile(
      join(scratch, "nginx.conf"),
      `pid /tmp/pid; error_log stderr; daemon off; events {}
         http { access_log off; ${places}
           server { listen 80; listen [::]:80; return 200 "from $remote_addr\\n"; } }`,
    );
    const host = ["-v", "/:/host:ro", "-v", `${scratch}:/host/tmp`];
    await docker("network", "create", "--ipv6", "localnet");
    const run = ["run", "-d", "--network", "localnet", "--name", "web", "-p", "80", ...host, TEST_IMAGE];
    await docker(...run, "chroot", "/host", requireProgram("nginx"), "-e", "stderr", "-c", "/tmp/nginx.conf");
    const [ipv4, ipv6] = (await docker("port", "web", "80/tcp"))
      .split("\n")
      .map((place) => place.split(":").at(-1));
    const ask = async (...args: string[]) => {
      const { stdout } = await harness.docker([
        "exec",
        "c2",
        "chroot",
        "/host",
        requireProgram("curl"),
        "-s",
        "-m",
        "3",
        ...args,
      ]);
      return stdout;
    };
    await docker("run", "-d", "--network", "localnet", "--name", "c2", ...host, TEST_IMAGE, "sleep", "600");
    const c2 = await addressOn("c2", "localnet");
    const resolve = ["-H", "Host: web"];
    await untilTrue(
      async () => (await ask(...resolve, `http://${await addressOn("web", "localnet")}/`)) !== "",
    );
    expect(await docker("exec", "c2", "wget", "-qO-", "http://web/")).toMatch(/^from /);
    const [{ NetworkSettings: settings }] = JSON.parse(await docker("inspect", "web"));
    const { GlobalIPv6Address: global, IPAddress: address } = settings.Networks.localnet;
    expect(await ask(`http://${address}/`)).toBe(`from ${c2}\n`);
    expect(await ask(`http://[${global}]/`)).toMatch(/^from fd/);
    expect(await (await fetch(`http://127.0.0.1:${ipv4}/`)).text()).toMatch(/^from 10\.233\./);
    const { Gateway: gateway, IPv6Gateway: gateway6 } = settings.Networks.localnet;
    expect(await ask(`http://${gateway}:${ipv4}/`)).toMatch(/^from /);
    expect(await ask(`http://[${gateway6}]:${ipv6}/`)).toMatch(/^from fd/);
    await docker("rm", "-f", "web", "c2");
    await docker("network", "rm", "localnet");
  });

  test("networks and containers come and go, and leave nothing", async () => {
    const links = () =>
      execFileSync("ip", ["-o", "link"], { encoding: "utf8" }).match(/: (br-\w+|veth\w+)/g) ?? [];
    const mine = (id: string) => `br-${id.slice(0, 12)}`;
    const made: string[] = [];
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 10 }, (_, index) => `cycle-${round}-${index}`);
      await Promise.all(
        names.map(async (name) => {
          made.push(mine(await docker("network", "create", name)));
          const run = ["run", "--rm", "--network", name, "-p", "80", TEST_IMAGE, "true"];
          if (name.endsWith("0")) await docker(...run);
          await docker("network", "rm", name);
        }),
      );
    }
    expect(made).toHaveLength(30);
    expect(links().filter((link) => made.some((name) => link.endsWith(name)))).toEqual([]);
    expect(rulesOf("10.233.")).toEqual(rulesBefore);
  }, 60_000);
});

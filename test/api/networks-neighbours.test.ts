import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { untilTrue } from "../faults/until.ts";
import { type DockerCli, dockerCli, removeContainers } from "../fixtures/docker-cli.ts";
import { startEngine, type TestEngine } from "../fixtures/engine.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { importTestImage, TEST_IMAGE } from "./harness.ts";

const GANTRYD = fileURLToPath(new URL("../../gantryd", import.meta.url));

/** A machine of its own as far as networks go: a namespace with one cable, and an engine in it. */
interface Machine {
  readonly name: string;
  readonly namespace: string;
  readonly engine: TestEngine;
  readonly docker: DockerCli;
}

const ADDRESSES = { left: "198.18.7.1", right: "198.18.7.2" } as const;
const ADDRESSES6 = { left: "fd00:187::1", right: "fd00:187::2" } as const;
type Side = keyof typeof ADDRESSES;

const folder = makeTempDir("neighbours");
const namespaceOf = (side: Side) => join(folder.path, side);

/** Runs a program in the machine's network. */
function inside(side: Side, ...command: string[]): string {
  return execFileSync("nsenter", [`--net=${namespaceOf(side)}`, ...command], { encoding: "utf8" });
}

function connectMachines(): void {
  for (const side of ["left", "right"] as const) {
    execFileSync("touch", [namespaceOf(side)]);
    execFileSync("unshare", [`--net=${namespaceOf(side)}`, "ip", "link", "set", "lo", "up"]);
  }
  inside("left", "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1");
  // The other end goes to the namespace that a process of ours stands in for the moment.
  const holder = Bun.spawn(["nsenter", `--net=${namespaceOf("right")}`, "sleep", "60"]);
  inside("left", "ip", "link", "set", "lan1", "netns", String(holder.pid));
  holder.kill();
  const links = { left: "lan0", right: "lan1" };
  for (const side of ["left", "right"] as const) {
    inside(side, "ip", "addr", "add", `${ADDRESSES[side]}/24`, "dev", links[side]);
    inside(side, "ip", "addr", "add", `${ADDRESSES6[side]}/64`, "dev", links[side], "nodad");
    inside(side, "ip", "link", "set", links[side], "up");
  }
  // Neighbours that know the way to each other's containers.
  inside("left", "ip", "route", "add", "10.235.0.0/16", "via", ADDRESSES.right);
  inside("right", "ip", "route", "add", "10.234.0.0/16", "via", ADDRESSES.left);
  inside("right", "ip", "route", "add", "127.7.7.0/24", "via", ADDRESSES.left);
}

async function startMachine(side: Side, pool: string, flags: readonly string[] = []): Promise<Machine> {
  const namespace = namespaceOf(side);
  const engine = await startEngine({
    program: ["nsenter", `--net=${namespace}`, GANTRYD],
    flags: ["--default-address-pool", `base=${pool},size=24`, ...flags],
  });
  const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
  await importTestImage(engine, docker);
  return { name: side, namespace, engine, docker };
}

describe("two engines beside each other", () => {
  let left: Machine;
  let right: Machine;

  beforeAll(async () => {
    connectMachines();
    [left, right] = await Promise.all([
      startMachine("left", "10.234.0.0/16"),
      startMachine("right", "10.235.0.0/16", ["--respect-host-firewall"]),
    ]);
  }, 60_000);

  afterAll(async () => {
    for (const { engine, docker } of [left, right]) {
      await removeContainers(docker);
      await engine[Symbol.asyncDispose]();
    }
    for (const side of ["left", "right"] as const) execFileSync("umount", [namespaceOf(side)]);
    folder[Symbol.dispose]();
  });

  async function docker(machine: Machine, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await machine.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Whether a container of that machine gets an answer there. */
  async function reaches(from: Machine, host: string, port: string): Promise<boolean> {
    const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${host} ${port}`;
    const { stdout } = await from.docker(["exec", "client", "sh", "-c", ask]);
    return stdout.includes("404 Not Found");
  }

  test("published ports are reached from the other machine, nothing else is", async () => {
    for (const machine of [left, right]) {
      await docker(machine, "network", "create", "--ipv6", "front");
      const run = ["run", "-d", "--network", "front", "--name"];
      const publish = ["-p", "8080:80", "-p", "127.0.0.1:8081:80"];
      await docker(machine, ...run, "web", ...publish, TEST_IMAGE, "httpd", "-f", "-p", "80");
      await docker(machine, ...run, "client", TEST_IMAGE, "sleep", "600");
      // One that has no IPv6: those who come by it are led by a proxy.
      const four = ["run", "-d", "--name", "four", "-p", "8082:80"];
      await docker(machine, ...four, TEST_IMAGE, "httpd", "-f", "-p", "80");
    }
    for (const [from, side, to] of [
      [left, "right", right],
      [right, "left", left],
    ] as const) {
      await untilTrue(() => reaches(from, ADDRESSES[side], "8080"));
      expect(await reaches(from, ADDRESSES6[side], "8080")).toBe(true);
      await untilTrue(() => reaches(from, ADDRESSES[side], "8082"));
      expect(await reaches(from, ADDRESSES6[side], "8082")).toBe(true);
      expect(await reaches(from, ADDRESSES[side], "8081")).toBe(false);
      // The container itself, which its neighbour has a route to.
      const address = await docker(
        to,
        "inspect",
        "-f",
        "{{.NetworkSettings.Networks.front.IPAddress}}",
        "web",
      );
      expect(await reaches(to, address, "80")).toBe(true);
      expect(await reaches(from, address, "80")).toBe(false);
    }
  }, 60_000);

  test("the host's own input rules close published ports of an engine that respects them", async () => {
    const rules = [
      "add table inet ufw",
      "add chain inet ufw input { type filter hook input priority 0; policy drop; }",
      ...["iifname lo", "ct state established", "meta l4proto ipv6-icmp"].map(
        (what) => `add rule inet ufw input ${what} accept`,
      ),
    ].join("; ");
    for (const side of ["left", "right"] as const) inside(side, "nft", rules);
    // The usual way is past them, docker's as well.
    expect(await reaches(right, ADDRESSES.left, "8080")).toBe(true);
    expect(await reaches(left, ADDRESSES.right, "8080")).toBe(false);
    expect(await reaches(left, ADDRESSES6.right, "8080")).toBe(false);
    // A proxy listens as any program does: the host's rules are asked everywhere.
    expect(await reaches(right, ADDRESSES6.left, "8082")).toBe(false);
    expect(await reaches(left, ADDRESSES6.right, "8082")).toBe(false);
    inside("right", "nft", "add", "rule", "inet", "ufw", "input", "tcp", "dport", "{ 8080, 8082 }", "accept");
    expect(await reaches(left, ADDRESSES.right, "8080")).toBe(true);
    expect(await reaches(left, ADDRESSES6.right, "8080")).toBe(true);
    expect(await reaches(left, ADDRESSES6.right, "8082")).toBe(true);
    // Everything of everybody is flushed: the engine's own rules are back, and with them the way in.
    inside("right", "nft", "flush", "ruleset");
    await untilTrue(() => reaches(left, ADDRESSES.right, "8080"));
    expect(await reaches(left, ADDRESSES.right, "8081")).toBe(false);
  }, 60_000);

  test("macvlan on the cable: containers of both machines are neighbours", async () => {
    for (const [machine, link, range] of [
      [left, "lan0", "198.18.8.0/26"],
      [right, "lan1", "198.18.8.64/26"],
    ] as const) {
      const pool = ["--subnet", "198.18.8.0/24", "--ip-range", range, "--gateway", "198.18.8.254"];
      await docker(machine, "network", "create", "-d", "macvlan", "-o", `parent=${link}`, ...pool, "lan");
      await docker(machine, "run", "-d", "--network", "lan", "--name", "node", TEST_IMAGE, "sleep", "600");
    }
    const format = "{{.NetworkSettings.Networks.lan.IPAddress}}";
    const address = await docker(right, "inspect", "-f", format, "node");
    expect(address).toBe("198.18.8.64");
    const ping = await docker(left, "exec", "node", "ping", "-c1", "-W3", address);
    expect(ping).toContain("1 packets received");
  }, 60_000);
});

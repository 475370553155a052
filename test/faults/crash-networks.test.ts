import { describe, expect, test } from "bun:test";
import { TEST_IMAGE } from "../api/harness.ts";
import { crashEverywhere } from "./crash-everywhere.ts";
import type { CrashingEngine } from "./crashing-engine.ts";
import { untilTrue } from "./until.ts";

const TIMEOUT_MS = 120_000;
const MOVER = "mover";
const TARGET = "target";
/** Pools of its own: engines of other suites may have used up those that every engine starts from. */
const engine = { flags: ["--default-address-pool", "base=10.232.0.0/16,size=24"] };

async function run({ docker }: CrashingEngine, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await docker(args);
  if (code !== 0) throw new Error(stderr);
}

/** Names of the networks that the container is in, as the engine says. */
async function networksOf({ docker }: CrashingEngine): Promise<string[]> {
  const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
  const { stdout } = await docker(["inspect", "--format", format, MOVER]);
  return stdout.split(" ").filter((name) => name.trim() !== "");
}

/** How many interfaces the container has beside its loopback. */
async function linksOf({ docker }: CrashingEngine): Promise<number> {
  const { stdout } = await docker(["exec", MOVER, "ls", "/sys/class/net"]);
  return stdout.split(/\s+/).filter((name) => name.startsWith("eth")).length;
}

async function removeNetwork({ docker }: CrashingEngine, name: string): Promise<void> {
  const { code, stderr } = await docker(["network", "rm", name]);
  if (code !== 0) expect(stderr).toContain(`network ${name} not found`);
}

describe("the daemon is killed before each effect of", () => {
  test(
    "network create, connect, disconnect and rm",
    async () => {
      const effects = await crashEverywhere({
        engine,
        stride: 7,
        prepare: (crashing) => run(crashing, "run", "-d", "--name", MOVER, TEST_IMAGE, "sleep", "1000"),
        async verb({ docker }) {
          const steps = [
            ["network", "create", "--ipv6", "side"],
            ["network", "connect", "--gw-priority", "1", "side", MOVER],
            ["network", "disconnect", "side", MOVER],
            ["network", "rm", "side"],
          ];
          let done = 0;
          // The first step that fails is the one that the daemon died in.
          for (const step of steps) {
            if ((await docker(step)).code !== 0) break;
            done++;
          }
          return done;
        },
        async check(crashing, { answer: done }) {
          const { docker } = crashing;
          const exists = (await docker(["network", "inspect", "side"])).code === 0;
          if (done >= 1 && done < 3) expect(exists).toBe(true);
          if (done === 4) expect(exists).toBe(false);
          const networks = await networksOf(crashing);
          if (done === 2) expect([["bridge", "side"], ["bridge"]]).toContainEqual(networks);
          if (done !== 1 && done !== 2) expect(networks).toEqual(["bridge"]);
          // What the engine says is what the container has, and it can go on from there.
          expect(await linksOf(crashing)).toBe(networks.length);
          if (!exists) await run(crashing, "network", "create", "--ipv6", "side");
          if (!networks.includes("side")) await run(crashing, "network", "connect", "side", MOVER);
          expect(await linksOf(crashing)).toBe(2);
          const { stdout } = await docker(["exec", MOVER, "ip", "-o", "addr", "show", "eth1"]);
          expect(stdout).toMatch(/inet 10\.232\..* inet6 fd/s);
          await run(crashing, "network", "disconnect", "side", MOVER);
          await removeNetwork(crashing, "side");
        },
      });
      expect(effects).toBeGreaterThan(25);
    },
    TIMEOUT_MS,
  );

  test(
    "start in two networks",
    async () => {
      const effects = await crashEverywhere({
        engine,
        stride: 7,
        async setUp(crashing) {
          await run(crashing, "network", "create", "--ipv6", "front");
          await run(crashing, "network", "create", "back");
        },
        async prepare(crashing) {
          await run(
            crashing,
            "run",
            "-d",
            "--name",
            TARGET,
            "--network",
            "back",
            TEST_IMAGE,
            "sleep",
            "1000",
          );
          const create = ["create", "--name", MOVER, "--network", "front", "-p", "127.0.0.1::80"];
          await run(crashing, ...create, TEST_IMAGE, "httpd", "-f", "-p", "80");
          await run(crashing, "network", "connect", "back", MOVER);
        },
        verb: ({ docker }) => docker(["start", MOVER]),
        async check(crashing) {
          const { docker } = crashing;
          await run(crashing, "start", MOVER);
          expect(await linksOf(crashing)).toBe(2);
          const { stdout } = await docker(["exec", MOVER, "ping", "-c1", "-W2", TARGET]);
          expect(stdout).toContain("1 packets received");
          const place = (await docker(["port", MOVER, "80/tcp"])).stdout.trim();
          // The server inside needs a moment after its start.
          await untilTrue(
            async () => (await fetch(`http://${place}/`).catch(() => undefined))?.status === 404,
          );
        },
      });
      expect(effects).toBeGreaterThan(25);
    },
    TIMEOUT_MS,
  );
});

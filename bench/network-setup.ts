/**
 * Times what the engine does for a container's network, step by step, and whether it takes longer on a bridge that many
 * containers are on.
 *
 *   bun bench/network-setup.ts [--containers N]
 *
 * Needs root. Works in a network namespace of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Sandbox } from "../src/core/networks/network-driver.ts";
import { sampleEndpointRequest, sampleNetwork } from "../src/core/networks/network-record.fixture.ts";
import type { EndpointRecord, NetworkRecord } from "../src/core/networks/network-record.ts";
import { Resolver } from "../src/drivers/dns/mod.ts";
import { BridgeDriver } from "../src/drivers/network-bridge/mod.ts";
import { NetworkSandboxes } from "../src/drivers/network-sandbox/mod.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../src/os/linux/namespace.ts";
import { Reactor } from "../src/os/linux/reactor/reactor.ts";
import { summarize } from "./stats.ts";

const STEPS = ["allocate", "sandbox", "join", "publish one port", "names", "total"] as const;
type Step = (typeof STEPS)[number];

const WAY_OUT = { defaultRoute: { ipv4: true, ipv6: true } };
const { values } = parseArgs({ options: { containers: { type: "string", default: "500" } } });
const count = Number(values.containers);
const tenth = Math.max(1, Math.floor(count / 10));

const folder = mkdtempSync(join(tmpdir(), "gantry-bench-network-"));
const host = join(folder, "host");
createNetworkNamespace(host);
const reactor = Reactor.start();
const sandboxes = new NetworkSandboxes({ runRoot: folder });
const driver = new BridgeDriver({ engineId: "bench", claimDocker0: true, hostNamespace: host, reactor });
const names = new Resolver({ reactor });

async function makeNetwork(): Promise<NetworkRecord> {
  const network = await driver.plan(sampleNetwork({ name: "many" }));
  await driver.createNetwork(network);
  return network;
}

/** One container's network, as `docker run -p` on a user's network makes it; the milliseconds of each step. */
async function setUp(network: NetworkRecord, index: number) {
  const times = {} as Record<Step, number>;
  const startMs = performance.now();
  const timed = async <T>(step: Step, work: () => Promise<T>): Promise<T> => {
    const beganMs = performance.now();
    const result = await work();
    times[step] = performance.now() - beganMs;
    return result;
  };
  const plain = await timed("allocate", () =>
    driver.allocateEndpoint(network, sampleEndpointRequest(`c${index}`)),
  );
  const sandbox = await timed("sandbox", () => sandboxes.create(plain.containerId));
  await timed("join", () => driver.join(network, plain, sandbox, WAY_OUT));
  const endpoint = await timed("publish one port", () => publish(network, plain, sandbox));
  await timed("names", async () => {
    names.addEndpoint(network, endpoint);
    await names.serve(sandbox, { servers: [], keepsSingleNames: false });
  });
  times.total = performance.now() - startMs;
  return { endpoint, sandbox, times };
}

async function publish(network: NetworkRecord, plain: EndpointRecord, sandbox: Sandbox) {
  const port = {
    protocol: "tcp",
    containerPort: 80,
    hostIp: "0.0.0.0",
    hostPort: 0,
    hostPortEnd: 0,
  } as const;
  const published = await driver.changePorts(network, plain, [port]);
  await driver.adjust(network, plain, published, sandbox, WAY_OUT);
  return published;
}

function report(title: string, measured: ReadonlyArray<Record<Step, number>>): void {
  console.log(`\n${title}: milliseconds (median, 90th percentile, fastest)`);
  for (const step of STEPS) {
    const { median, p90, min } = summarize(measured.map((times) => times[step]));
    console.log(`  ${step.padEnd(17)} ${[median, p90, min].map((ms) => ms.toFixed(2)).join("  ")}`);
  }
}

try {
  const network = await makeNetwork();
  const made = [];
  for (let index = 0; index < count; index++) made.push(await setUp(network, index));
  report(
    `containers 1 to ${tenth}`,
    made.slice(0, tenth).map(({ times }) => times),
  );
  report(
    `containers ${count - tenth + 1} to ${count}`,
    made.slice(-tenth).map(({ times }) => times),
  );
  for (const { endpoint, sandbox } of made) {
    await names.stop(endpoint.containerId);
    await driver.leave(network, endpoint, sandbox, { sandboxEnds: true });
    await driver.releaseEndpoint(network, endpoint);
    await sandboxes.remove(endpoint.containerId);
  }
} finally {
  await names.close();
  await driver.close();
  await sandboxes.removeOrphans(new Set());
  await reactor.stop();
  deleteNetworkNamespace(host);
  rmSync(folder, { recursive: true });
}
process.exit(0);

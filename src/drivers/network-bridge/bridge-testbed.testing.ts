import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "../../core/networks/network-driver.ts";
import { sampleEndpointRequest, sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { EndpointRecord, NetworkRecord, PortBinding } from "../../core/networks/network-record.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { Nftables } from "../../os/linux/nftables/mod.ts";
import { firewallTableName } from "../firewall-nftables/mod.ts";
import { NetworkSandboxes } from "../network-sandbox/mod.ts";
import { BridgeDriver, type BridgeDriverOptions } from "./mod.ts";

// The host's part is a namespace of the test's own, with one neighbour on a cable.
export const HOST_ADDRESS = "192.0.2.1";
export const NEIGHBOUR_ADDRESS = "192.0.2.2";
export const HOST_ADDRESS6 = "2001:db8::1";
export const NEIGHBOUR_ADDRESS6 = "2001:db8::2";

const directory = mkdtempSync(join(tmpdir(), "gantry-bridge-"));
export const host = join(directory, "host");
export const neighbour = join(directory, "neighbour");
// The first context makes the process keep some low descriptors for the next ones.
await Nftables.open().close();
const descriptorsBefore = readdirSync("/proc/self/fd").length;
export const sandboxes = new NetworkSandboxes({ runRoot: directory });

/** The driver of the running test; a test that plays a restart puts another one here. */
export const bed = { driver: undefined as unknown as BridgeDriver };

export function newDriver(options: Partial<BridgeDriverOptions> = {}): BridgeDriver {
  return new BridgeDriver({ engineId: "engine-a", claimDocker0: true, hostNamespace: host, ...options });
}

function connectNeighbour(): void {
  createNetworkNamespace(host);
  createNetworkNamespace(neighbour);
  const fd = openSync(neighbour, "r");
  nl.withNetlink(host, (socket) => {
    socket.execute(
      nl.setLinkUp("lo"),
      nl.addLink({ name: "lan0", up: true }, { kind: "veth", peer: { name: "lan0", namespace: { fd } } }),
    );
    const linkIndex = nl.findLink(socket, "lan0")!.index;
    socket.execute(
      nl.addAddress({ linkIndex, prefix: `${HOST_ADDRESS}/24` }),
      nl.addAddress({ linkIndex, prefix: `${HOST_ADDRESS6}/64`, noDad: true }),
    );
  });
  closeSync(fd);
  nl.withNetlink(neighbour, (socket) => {
    const linkIndex = nl.findLink(socket, "lan0")!.index;
    socket.execute(
      nl.setLinkUp("lo"),
      nl.setLinkUp(linkIndex),
      nl.addAddress({ linkIndex, prefix: `${NEIGHBOUR_ADDRESS}/24` }),
      nl.addAddress({ linkIndex, prefix: `${NEIGHBOUR_ADDRESS6}/64`, noDad: true }),
      // A neighbour that knows the way: it routes container addresses to this host.
      nl.addRoute({ destination: "172.16.0.0/12", gateway: HOST_ADDRESS }),
      nl.addRoute({ destination: "fd00::/8", gateway: HOST_ADDRESS6 }),
      nl.addRoute({ destination: "127.0.0.77/32", gateway: HOST_ADDRESS, linkIndex }),
    );
  });
}

/** Each test of the file has a fresh host and driver; nothing of it is left when they are over. */
export function useTestbed(): void {
  beforeEach(() => {
    connectNeighbour();
    bed.driver = newDriver();
  });

  afterEach(async () => {
    await bed.driver.close();
    await sandboxes.removeOrphans(new Set());
    deleteNetworkNamespace(host);
    deleteNetworkNamespace(neighbour);
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
    // The machine's own links are other programs' business; none may be marked as made here.
    const marked = nl
      .withNetlink(undefined, nl.listLinks)
      .filter(({ alias }) => alias?.startsWith("gantry:engine-"));
    expect(marked).toEqual([]);
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(descriptorsBefore);
  });
}

export async function makeNetwork(
  name: string,
  changes: Partial<NetworkRecord> = {},
): Promise<NetworkRecord> {
  const network = await bed.driver.plan(sampleNetwork({ name, ...changes }));
  await bed.driver.createNetwork(network);
  return network;
}

export function publish(
  hostPort: number,
  containerPort: number,
  changes: Partial<PortBinding> = {},
): PortBinding {
  return { protocol: "tcp", containerPort, hostIp: "", hostPort, hostPortEnd: hostPort, ...changes };
}

export interface Container {
  readonly endpoint: EndpointRecord;
  readonly sandbox: Sandbox;
}

export async function start(
  network: NetworkRecord,
  name: string,
  ports: PortBinding[] = [],
): Promise<Container> {
  const endpoint = await bed.driver.allocateEndpoint(network, sampleEndpointRequest(name, { ports }));
  const sandbox = await sandboxes.create(endpoint.containerId);
  await bed.driver.join(network, endpoint, sandbox, { defaultRoute: { ipv4: true, ipv6: true } });
  return { endpoint, sandbox };
}

export async function stop(network: NetworkRecord, { endpoint, sandbox }: Container): Promise<void> {
  await bed.driver.leave(network, endpoint, sandbox, { sandboxEnds: true });
  await bed.driver.releaseEndpoint(network, endpoint);
  await sandboxes.remove(endpoint.containerId);
}

export function makeEndpoint(network: NetworkRecord, ports: PortBinding[]): Promise<EndpointRecord> {
  return bed.driver.allocateEndpoint(network, sampleEndpointRequest("unstarted", { ports }));
}

export function hostLinks(): string[] {
  return nl.withNetlink(host, nl.listLinks).map(({ name }) => name);
}

/** Waits until the kernel has taken the link away with its sandbox. */
export async function gone(name: string): Promise<void> {
  while (hostLinks().includes(name)) await new Promise((resolve) => setImmediate(resolve));
}

export async function tableText(engineId = "engine-a"): Promise<string> {
  await using rules = Nftables.open({ namespace: host });
  return await rules.run(`list table inet ${firewallTableName(engineId)}`);
}

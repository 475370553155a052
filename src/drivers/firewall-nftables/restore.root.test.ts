import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "../../base/logger.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import { EngineFirewall, type FirewalledBridge, firewallTableName } from "./mod.ts";

const TABLE = firewallTableName("e");

const BRIDGE: FirewalledBridge = {
  bridge: "br0",
  subnets: ["10.9.0.0/24"],
  internal: false,
  interContainer: true,
  ipv4: { masquerade: true, source: undefined, direct: "nothing" },
  ipv6: { masquerade: true, source: undefined, direct: "nothing" },
  trusted: [],
};

test("rules that another program flushes come back; the administrator's own chain is his to change", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-rules-"));
  const namespace = join(folder, "host");
  createNetworkNamespace(namespace);
  const nft = (...words: string[]) =>
    execFileSync("nsenter", [`--net=${namespace}`, "nft", ...words], { encoding: "utf8" });
  const warnings: Array<() => void> = [];
  let warned = 0;
  const logger = {
    warn: () => {
      warned++;
      for (const wake of warnings.splice(0)) wake();
    },
  } as unknown as Logger;
  const restored = () => new Promise<void>((resolve) => warnings.push(resolve));
  const reactor = Reactor.start();
  const firewall = new EngineFirewall({ engineId: "e", namespace, reactor, logger });
  try {
    await firewall.reconcile({ bridges: [BRIDGE], ports: [], flows: [] });
    await firewall.publish([
      {
        protocol: "tcp",
        hostIp: "0.0.0.0",
        hostPort: 8080,
        containerIp: "10.9.0.2",
        containerPort: 80,
        direct: false,
      },
    ]);
    const before = nft("list", "ruleset");
    expect(before).toContain("8080 : 10.9.0.2 . 80");
    for (const damage of [
      ["flush", "ruleset"],
      ["delete", "table", "inet", TABLE],
      ["flush", "chain", "inet", TABLE, "forwarded"],
    ]) {
      const back = restored();
      nft(...damage);
      await back;
      expect(nft("list", "ruleset")).toBe(before);
    }
    nft("add", "rule", "inet", TABLE, "user", "counter");
    nft("flush", "chain", "inet", TABLE, "user");
    const back = restored();
    nft("delete", "table", "inet", TABLE);
    await back;
    // One for each damage: neither the chain `user` nor the engine's own changes count.
    expect(warned).toBe(4);
  } finally {
    await firewall.close();
    await reactor.stop();
    deleteNetworkNamespace(namespace);
    rmSync(folder, { recursive: true });
  }
});

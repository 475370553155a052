import { EngineFirewall, type FirewalledBridge } from "./mod.ts";

// Run as a program: the table of one engine in one network namespace is made over and over.

const [, , engineId = "", namespace = ""] = process.argv;
const family = { masquerade: true, source: undefined, direct: "nothing" } as const;
const bridge: FirewalledBridge = {
  bridge: "br0",
  subnets: ["10.9.0.0/24"],
  internal: false,
  interContainer: true,
  ipv4: family,
  ipv6: family,
  trusted: [],
};

process.stdout.write("starting\n");
for (;;) {
  const firewall = new EngineFirewall({ engineId, namespace });
  await firewall.reconcile({ bridges: [bridge], ports: [], flows: [] });
  await firewall.addBridge({ ...bridge, bridge: "br1", subnets: ["10.9.1.0/24"] });
  await firewall.removeBridge("br1");
  await firewall.close();
}

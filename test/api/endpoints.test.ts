import { describe, expect, test } from "bun:test";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("places of containers in networks", () => {
  // Pools of its own: engines of other suites may have used up those that every engine starts from.
  const harness = useEngine({ flags: ["--default-address-pool", "base=10.223.0.0/16,size=24"] });

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  const inspect = async (name: string) => JSON.parse(await docker("inspect", name))[0];

  test("a container of several networks is at home in the one that was named first", async () => {
    for (const name of ["home", "away", "abroad"]) await docker("network", "create", name);
    const flags = ["--network", "home", "--network", "away", "--network", "abroad", "--name", "traveller"];
    await docker("run", "-d", ...flags, TEST_IMAGE, "sleep", "300");
    const { Networks } = (await inspect("traveller")).NetworkSettings;
    const address = Networks.home.IPAddress as string;
    expect(await docker("exec", "traveller", "ip", "-4", "addr", "show", "eth0")).toContain(
      `inet ${address}/`,
    );
    const own = (await docker("exec", "traveller", "cat", "/etc/hosts")).split("\n").slice(-3);
    expect(own[0]!.split("\t")[0]).toBe(address);
    expect(await docker("exec", "traveller", "cat", "/sys/class/net/eth0/ifindex")).toBe("2");
    await docker("rm", "-f", "traveller");
    await docker("network", "rm", "home", "away", "abroad");
  });

  test("link-local addresses beside that of the network", async () => {
    await docker("network", "create", "links");
    const asked = ["--link-local-ip", "169.254.21.5", "--link-local-ip", "fe80::215"];
    await docker("run", "-d", "--name", "local", "--network", "links", ...asked, TEST_IMAGE, "sleep", "300");
    const addresses = await docker("exec", "local", "ip", "addr", "show", "eth0");
    expect(addresses).toContain("inet 169.254.21.5/16");
    expect(addresses).toContain("inet6 fe80::215/64");
    expect((await inspect("local")).NetworkSettings.Networks.links.IPAMConfig).toEqual({
      LinkLocalIPs: ["169.254.21.5", "fe80::215"],
    });
    await docker("run", "-d", "--name", "late", TEST_IMAGE, "sleep", "300");
    await docker("network", "connect", "--link-local-ip", "169.254.21.6", "links", "late");
    expect(await docker("exec", "local", "ping", "-c1", "-W2", "169.254.21.6")).toContain(
      "1 packets received",
    );
    const refused = await harness.docker([
      "create",
      "--network",
      "links",
      "--link-local-ip",
      "::",
      TEST_IMAGE,
    ]);
    expect(refused.stderr).toContain("invalid link-local IP address: ::");
    await docker("rm", "-f", "local", "late");
    await docker("network", "rm", "links");
  });
});

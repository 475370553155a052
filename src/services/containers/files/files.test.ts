import { describe, expect, test } from "bun:test";
import { extraHostsEntries, hostsFileText } from "./hosts-file.ts";
import { containerResolvConf, parseResolvConf, resolvConfText } from "./resolv-conf.ts";

const nothing = { dns: [], dnsSearch: [], dnsOptions: [] };

describe("hosts file", () => {
  test("ends with the container's own entries", () => {
    const text = hostsFileText([{ address: "172.17.0.2", names: ["web", "alias"] }]);
    expect(text.startsWith("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")).toBe(true);
    expect(text.endsWith("172.17.0.2\tweb alias\n")).toBe(true);
    expect(hostsFileText([], true)).toBe("127.0.0.1\tlocalhost\n");
  });

  test("host-gateway becomes every address that reaches the host", () => {
    expect(
      extraHostsEntries(["h:host-gateway", "six:[::2]", "four:10.0.0.1"], ["172.17.0.1", "fd00::1"]),
    ).toEqual([
      { address: "172.17.0.1", names: ["h"] },
      { address: "fd00::1", names: ["h"] },
      { address: "::2", names: ["six"] },
      { address: "10.0.0.1", names: ["four"] },
    ]);
  });
});

describe("resolv.conf", () => {
  const host = parseResolvConf(
    "# c\nnameserver 127.0.0.53\nnameserver 10.1.1.1\nsearch a b\nsearch lan corp\noptions ndots:2 edns0\n",
  );

  test("the last search list wins", () => expect(host.search).toEqual(["lan", "corp"]));

  test("loopback servers stay with the host's network only", () => {
    expect(containerResolvConf(host, nothing, false).nameservers).toEqual(["10.1.1.1"]);
    expect(containerResolvConf(host, nothing, true).nameservers).toEqual(["127.0.0.53", "10.1.1.1"]);
  });

  test("falls back where only loopback servers are known", () => {
    const local = parseResolvConf("nameserver ::1\n");
    expect(containerResolvConf(local, nothing, false).nameservers).toEqual(["8.8.8.8", "8.8.4.4"]);
  });

  test("what the user asks for replaces what the host has", () => {
    const conf = containerResolvConf(
      host,
      { dns: ["1.2.3.4"], dnsSearch: ["."], dnsOptions: ["ndots:1"] },
      false,
    );
    expect(resolvConfText(conf).split("\n").slice(1)).toEqual(["nameserver 1.2.3.4", "options ndots:1", ""]);
  });
});

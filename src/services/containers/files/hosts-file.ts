export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

const LOCAL_IPV4: readonly HostsEntry[] = [{ address: "127.0.0.1", names: ["localhost"] }];
const LOCAL_IPV6: readonly HostsEntry[] = [
  { address: "::1", names: ["localhost", "ip6-localhost", "ip6-loopback"] },
  { address: "fe00::", names: ["ip6-localnet"] },
  { address: "ff00::", names: ["ip6-mcastprefix"] },
  { address: "ff02::1", names: ["ip6-allnodes"] },
  { address: "ff02::2", names: ["ip6-allrouters"] },
];

/** Text of a container's `/etc/hosts`: the local names, of IPv6 too if it has that, then `entries` in their order. */
export function hostsFileText(entries: readonly HostsEntry[], withoutIpv6 = false): string {
  return [...LOCAL_IPV4, ...(withoutIpv6 ? [] : LOCAL_IPV6), ...entries]
    .map(({ address, names }) => `${address}\t${names.join(" ")}\n`)
    .join("");
}

/**
 * The entries that `--add-host` asks for. `host-gateway` stands for an address that reaches the host.
 * `requests` have been checked to be `name:address`.
 */
export function extraHostsEntries(requests: readonly string[], hostGateway: readonly string[]): HostsEntry[] {
  return requests.flatMap((request) => {
    const colon = request.indexOf(":");
    const name = request.slice(0, colon);
    const address = request.slice(colon + 1).replace(/^\[(.*)\]$/, "$1");
    const addresses = address === "host-gateway" ? hostGateway : [address];
    return addresses.map((each) => ({ address: each, names: [name] }));
  });
}

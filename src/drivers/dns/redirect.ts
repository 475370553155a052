import { Semaphore } from "../../base/async.ts";
import * as nft from "../../os/linux/nftables/mod.ts";

/** Where programs in containers look for their name server. */
export const RESOLVER_ADDRESS = "127.0.0.11";
const DNS_PORT = 53;

const TABLE: nft.NftTable = { family: "ip", name: "gantry-names" };

const turns = new Semaphore(1);

/**
 * In that namespace, questions to 127.0.0.11:53 arrive at these ports of the same address. The port 53 itself stays free for
 * name servers that run in the container. Replaces an earlier redirection in one transaction.
 */
export async function redirectQuestions(namespace: string, udpPort: number, tcpPort: number): Promise<void> {
  const address = nft.address(RESOLVER_ADDRESS);
  const rule = (protocol: "udp" | "tcp", port: number) =>
    nft.nft`ip daddr ${address} ${nft.protocol(protocol)} dport ${nft.port(DNS_PORT)} dnat to ${address}:${nft.port(port)}`;
  const commands = nft.joinCommands([
    nft.createTable(TABLE),
    nft.addChain(TABLE, "output", { type: "nat", hook: "output", priority: -100 }),
    nft.addRule(TABLE, "output", rule("udp", udpPort)),
    nft.addRule(TABLE, "output", rule("tcp", tcpPort)),
  ]);
  // Contexts are few: each has a descriptor of a kind that there are only some of.
  using _turn = await turns.acquire();
  await using rules = nft.Nftables.open({ namespace });
  try {
    await rules.run(commands);
  } catch (error) {
    if (!(error instanceof nft.NftablesError) || error.code !== "EEXIST") throw error;
    // From an earlier life of the engine. Only here, since whoever deletes waits 10 ms for the kernel when it closes.
    await rules.run(nft.joinCommands([...nft.deleteTable(TABLE), commands]));
  }
}

import { ipToBytes } from "../../os/linux/netlink/mod.ts";
import {
  CLASS_IN,
  encodeName,
  type Question,
  type ResourceRecord,
  reverseAddress,
  TYPE,
} from "../../spec/dns/mod.ts";
import type { NameDirectory } from "./name-directory.ts";

/** As docker answers. */
const TTL_SECONDS = 600;

/**
 * The records that this engine itself knows for a question; empty for a name that exists without records of that type;
 * undefined for one that others have to be asked for.
 */
export function answerLocally(
  names: NameDirectory,
  containerId: string,
  question: Question,
): ResourceRecord[] | undefined {
  if (question.class !== CLASS_IN) return undefined;
  switch (question.type) {
    case TYPE.A:
      return addresses(names.resolve(containerId, question.name, "ipv4"), TYPE.A);
    case TYPE.AAAA:
      return addresses(names.resolve(containerId, question.name, "ipv6"), TYPE.AAAA);
    case TYPE.PTR:
      return pointer(names, containerId, question.name);
    default:
      // A name of the network has addresses and nothing else. To ask others would tell them of it, and their answer, that
      // there is no such name, counts for its addresses too. Source: RFC 8020.
      return names.resolve(containerId, question.name, "ipv4") ? [] : undefined;
  }
}

function addresses(found: string[] | undefined, type: number): ResourceRecord[] | undefined {
  return (
    found && shuffle(found).map((address) => ({ type, ttlSeconds: TTL_SECONDS, data: ipToBytes(address) }))
  );
}

function pointer(names: NameDirectory, containerId: string, name: string): ResourceRecord[] | undefined {
  const address = reverseAddress(name);
  const host = address === undefined ? undefined : names.reverse(containerId, address);
  return host === undefined
    ? undefined
    : [{ type: TYPE.PTR, ttlSeconds: TTL_SECONDS, data: encodeName(host) }];
}

/** Spreads load over containers that share a name. */
function shuffle<T>(list: T[]): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}

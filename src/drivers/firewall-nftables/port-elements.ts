import { AF_INET } from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import { MAPS } from "./base-rules.ts";
import { familyOf, isTranslated, isWildcard, type PublishedPort } from "./published-port.ts";

/** Elements by the set or map that holds them. Elements of one place count once. */
class Elements {
  readonly #groups = new Map<string, Map<string, nft.NftElement>>();

  add(set: string, element: nft.NftElement): void {
    const group = this.#groups.get(set) ?? new Map<string, nft.NftElement>();
    this.#groups.set(set, group.set(nft.textOf(element.key), element));
  }

  map(command: (set: string, elements: readonly nft.NftElement[]) => nft.NftCommand): nft.NftCommand[] {
    return [...this.#groups].map(([set, elements]) => command(set, [...elements.values()]));
  }
}

function elementsOf(ports: readonly PublishedPort[]): Elements {
  const elements = new Elements();
  for (const port of ports) {
    const isIpv4 = familyOf(port) === AF_INET;
    const target = [nft.address(port.containerIp), nft.port(port.containerPort)] as const;
    const protocol = nft.protocol(port.protocol);
    if (port.direct) {
      const key = nft.concat(target[0], protocol, target[1]);
      elements.add(isIpv4 ? MAPS.directIpv4 : MAPS.directIpv6, { key });
    }
    if (!isTranslated(port)) continue;
    const place = nft.concat(protocol, nft.port(port.hostPort));
    const value = nft.concat(...target);
    if (isWildcard(port)) {
      elements.add(isIpv4 ? MAPS.anyIpv4 : MAPS.anyIpv6, { key: place, value });
      if (!isIpv4 && !port.proxied) elements.add(MAPS.portsIpv6, { key: place });
    } else {
      const key = nft.concat(nft.address(port.hostIp), place);
      elements.add(isIpv4 ? MAPS.oneIpv4 : MAPS.oneIpv6, { key, value });
    }
  }
  return elements;
}

/** Leads the ports to their containers. */
export function addPortCommands(table: nft.NftTable, ports: readonly PublishedPort[]): nft.NftCommand[] {
  return elementsOf(ports).map((set, elements) => nft.addElements(table, set, elements));
}

/** Undoes `addPortCommands`. */
export function removePortCommands(table: nft.NftTable, ports: readonly PublishedPort[]): nft.NftCommand[] {
  return elementsOf(ports).map((set, elements) =>
    nft.deleteElements(
      table,
      set,
      elements.map(({ key }) => key),
    ),
  );
}

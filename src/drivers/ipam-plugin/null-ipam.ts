import { invalidArgument } from "../../base/errors.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import type { AddressRequest, IpamDriver, TakenAddresses } from "../ipam/mod.ts";

/** No addresses at all: whoever is behind the network's driver gives them, by DHCP for example. */
export class NullIpam implements IpamDriver {
  planNetwork({ pools, enableIpv4, enableIpv6 }: NetworkRecord): IpamPool[] {
    if (pools.some(({ subnet }) => subnet !== "")) {
      throw invalidArgument("null ipam driver does not handle specific address pool requests");
    }
    return [...(enableIpv4 ? [{ subnet: "0.0.0.0/0" }] : []), ...(enableIpv6 ? [{ subnet: "::/0" }] : [])];
  }

  takeAddresses(_network: NetworkRecord, { ipv4, ipv6 }: AddressRequest): TakenAddresses {
    if (ipv4 || ipv6) throw invalidArgument("null ipam driver does not handle specific address requests");
    return {};
  }

  // Nothing is taken, so there is nothing to take again or to give back.
  restoreNetwork(): void {}
  removeNetwork(): void {}
  restoreAddress(): void {}
  releaseAddress(): void {}
}

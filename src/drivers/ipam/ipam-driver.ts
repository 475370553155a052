import type { AddressUse } from "../../core/networks/network-driver.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import type { IpFamily } from "../../os/linux/netlink/mod.ts";
import type { Subnet } from "./subnet.ts";

/** An address of one family that an endpoint got. */
export interface TakenAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** Empty where the network has none. */
  readonly gateway: string;
}

export interface AddressRequest {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly macAddress?: string | undefined;
  /** No address of that family is taken. */
  readonly withoutIpv6?: boolean | undefined;
}

/** The addresses that an endpoint got; a family that it has none of is left out. */
export interface TakenAddresses {
  readonly ipv4?: TakenAddress;
  readonly ipv6?: TakenAddress;
  /** Where whoever manages the addresses wanted one to be picked before. */
  readonly macAddress?: string;
}

/** Subnets of networks and addresses of endpoints, of this engine's own making or of a plug-in's. */
export interface IpamDriver {
  /**
   * The network's pools, completed: a subnet for each family that is enabled, a gateway for each subnet. They belong to
   * the network until `removeNetwork`. `inUse` are subnets that a pool picked here must not touch; a family of
   * `gatewayless` gets no gateway that the user did not name. Errors: invalidArgument, conflict (docker's texts).
   */
  planNetwork(
    network: NetworkRecord,
    inUse: readonly Subnet[],
    gatewayless?: readonly IpFamily[],
  ): IpamPool[] | Promise<IpamPool[]>;
  /** Takes what a stored network has again; a network that is known already stays as it is. Errors: as planNetwork. */
  restoreNetwork(network: NetworkRecord): void;
  removeNetwork(networkId: string): void | Promise<void>;
  /**
   * Takes an address of each family that the network has, `requested` where one is given, any free one otherwise.
   * Nothing is taken where it throws. Errors: permissionDenied (address taken), unavailable (none left), invalidArgument.
   */
  takeAddresses(network: NetworkRecord, requested: AddressRequest): TakenAddresses | Promise<TakenAddresses>;
  /** Takes an address that a stored endpoint has. */
  restoreAddress(networkId: string, address: string): void;
  releaseAddress(networkId: string, address: string): void | Promise<void>;
  /** How the addresses of a network's subnets are used, by subnet; missing where somebody else manages them. */
  addressUse?(networkId: string): ReadonlyMap<string, AddressUse> | undefined;
}

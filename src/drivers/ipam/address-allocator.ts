import { invalidArgument, permissionDenied } from "../../base/errors.ts";
import type { AddressUse } from "../../core/networks/network-driver.ts";
import { AF_INET } from "../../os/linux/netlink/mod.ts";
import { numberToAddress, Subnet } from "./subnet.ts";

/**
 * The addresses of one subnet. The lowest free one is handed out first, as docker does for networks of one host, so an
 * address comes back into use as soon as it is released. Errors carry docker's texts.
 */
export class AddressAllocator {
  readonly subnet: Subnet;
  readonly #range: Subnet;
  readonly #taken = new Set<bigint>();
  /** No address below this one is free. */
  #lowestFree: bigint;

  /** `range`: the part of the subnet that addresses nobody asked for by name come from. */
  constructor(subnet: Subnet, range: Subnet = subnet) {
    this.subnet = subnet;
    this.#range = range;
    this.#lowestFree = range.first;
    // The network's own address, and for IPv4 the broadcast address; RFC 3021 has neither in a /31, nor has a /32.
    if (subnet.size > 2n) {
      this.#taken.add(subnet.first);
      if (subnet.family === AF_INET) this.#taken.add(subnet.last);
    }
  }

  /** Takes the lowest free address; undefined where none is left. */
  takeAny(): string | undefined {
    for (let value = this.#lowestFree; value <= this.#range.last; value++) {
      if (this.#taken.has(value)) continue;
      this.#taken.add(value);
      this.#lowestFree = value + 1n;
      return numberToAddress(value, this.subnet.family);
    }
    this.#lowestFree = this.#range.last + 1n;
    return undefined;
  }

  /** Takes that address. Errors: permissionDenied where it is taken, invalidArgument where it is outside. */
  take(address: string): void {
    const value = this.#inside(address);
    if (this.#taken.has(value)) throw permissionDenied("Address already in use");
    this.#taken.add(value);
  }

  /** Takes that address whoever has it: what a stored record says is not argued with. */
  retake(address: string): void {
    this.#taken.add(this.#inside(address));
  }

  /** Gives an address back; one that is free already stays so. */
  release(address: string): void {
    const value = this.#inside(address);
    if (this.#taken.delete(value) && value < this.#lowestFree && value >= this.#range.first) {
      this.#lowestFree = value;
    }
  }

  use(): AddressUse {
    const taken = [...this.#taken];
    const dynamic = taken.filter((value) => value >= this.#range.first && value <= this.#range.last);
    return { inUse: BigInt(taken.length), available: this.#range.size - BigInt(dynamic.length) };
  }

  #inside(address: string): bigint {
    const host = Subnet.host(address);
    if (this.subnet.contains(host)) return host.first;
    throw invalidArgument(`Invalid address ${address}: It does not belong to any of this network's subnets`);
  }
}

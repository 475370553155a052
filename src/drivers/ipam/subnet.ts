import { invalidArgument } from "../../base/errors.ts";
import { AF_INET, bytesToIp, type IpFamily, ipToBytes, parsePrefix } from "../../os/linux/netlink/mod.ts";

/** The address as a number. Errors: invalidArgument. */
function addressToNumber(address: string): bigint {
  return BigInt(`0x${Buffer.from(ipToBytes(address)).toString("hex")}`);
}

/** The text of an address given as a number. */
export function numberToAddress(value: bigint, family: IpFamily): string {
  const hex = value.toString(16).padStart(bitsOf(family) / 4, "0");
  return bytesToIp(Buffer.from(hex, "hex"));
}

function bitsOf(family: IpFamily): number {
  return family === AF_INET ? 32 : 128;
}

/** A range of addresses with a common prefix. */
export class Subnet {
  readonly family: IpFamily;
  readonly prefixLength: number;
  /** The first and the last address, both included. */
  readonly first: bigint;
  readonly last: bigint;

  private constructor(family: IpFamily, value: bigint, prefixLength: number) {
    const hostBits = BigInt(bitsOf(family) - prefixLength);
    this.family = family;
    this.prefixLength = prefixLength;
    this.first = (value >> hostBits) << hostBits;
    this.last = this.first + (1n << hostBits) - 1n;
  }

  /** Reads `address/length`; bits beyond the prefix are dropped. Errors: invalidArgument. */
  static parse(text: string): Subnet {
    if (!text.includes("/")) throw invalidArgument(`invalid subnet ${text}: it has no prefix length`);
    const { address, family, length } = parsePrefix(text);
    return new Subnet(family, addressToNumber(address), length);
  }

  /** The one address, as a subnet of its own. Errors: invalidArgument. */
  static host(address: string): Subnet {
    const { family, length } = parsePrefix(address);
    return new Subnet(family, addressToNumber(address), length);
  }

  static of(family: IpFamily, first: bigint, prefixLength: number): Subnet {
    return new Subnet(family, first, prefixLength);
  }

  get size(): bigint {
    return this.last - this.first + 1n;
  }

  contains(other: Subnet): boolean {
    return other.family === this.family && other.first >= this.first && other.last <= this.last;
  }

  overlaps(other: Subnet): boolean {
    return other.family === this.family && other.first <= this.last && this.first <= other.last;
  }

  /** The text of the address that is `offset` after the first one. */
  addressAt(offset: bigint): string {
    return numberToAddress(this.first + offset, this.family);
  }

  toString(): string {
    return `${this.addressAt(0n)}/${this.prefixLength}`;
  }
}

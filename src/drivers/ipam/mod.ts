export { type AddressPool, DEFAULT_ADDRESS_POOLS } from "./address-pools.ts";
export { Ipam, type IpamOptions, type TakenAddress } from "./ipam.ts";
export { macAddressFor, macAddressOf } from "./mac-address.ts";
export { Subnet } from "./subnet.ts";

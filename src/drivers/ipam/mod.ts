export { type AddressPool, DEFAULT_ADDRESS_POOLS } from "./address-pools.ts";
export { Ipam, type IpamOptions } from "./ipam.ts";
export type {
  AddressRequest,
  IpamDriver,
  TakenAddress,
  TakenAddresses,
} from "./ipam-driver.ts";
export { macAddressFor, macAddressOf } from "./mac-address.ts";
export { Subnet } from "./subnet.ts";

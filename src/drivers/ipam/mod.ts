export type { AddressPool } from "./address-pools.ts";
export { Ipam } from "./ipam.ts";
export type {
  AddressRequest,
  IpamDriver,
  TakenAddress,
  TakenAddresses,
} from "./ipam-driver.ts";
export { macAddressFor, macAddressOf } from "./mac-address.ts";
export { Subnet } from "./subnet.ts";

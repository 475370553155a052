export { IpamDrivers } from "./ipam-drivers.ts";

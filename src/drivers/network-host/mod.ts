export { HostDriver } from "./host-driver.ts";

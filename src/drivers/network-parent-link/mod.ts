export { ipvlan } from "./ipvlan.ts";
export { macvlan } from "./macvlan.ts";
export { ParentLinkDriver, type ParentLinkDriverOptions } from "./parent-link-driver.ts";

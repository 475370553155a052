export { ipvlan } from "./ipvlan.ts";
export { macvlan } from "./macvlan.ts";
export { ParentLinkDriver } from "./parent-link-driver.ts";

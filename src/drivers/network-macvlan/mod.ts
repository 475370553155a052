export { MacvlanDriver, type MacvlanDriverOptions } from "./macvlan-driver.ts";
export { UnsupportedDriver } from "./unsupported-driver.ts";

export { LinklessDriver } from "./linkless-driver.ts";
export { NoneDriver } from "./none-driver.ts";

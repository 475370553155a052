export { BridgeDriver, type BridgeDriverOptions } from "./bridge-driver.ts";

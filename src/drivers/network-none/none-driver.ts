import { LinklessDriver } from "./linkless-driver.ts";

/** The driver `null` of the network `none`: the container has a sandbox with loopback alone. */
export class NoneDriver extends LinklessDriver {
  constructor() {
    super("null", "none");
  }
}

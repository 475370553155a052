import { LinklessDriver } from "../network-none/mod.ts";

/** The driver and network `host`: the container is in the host's own network namespace, nothing is made for it. */
export class HostDriver extends LinklessDriver {
  constructor() {
    super("host", "host");
  }
}

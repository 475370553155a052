import { notImplemented } from "../../base/errors.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { LinklessDriver } from "../network-none/mod.ts";

/** A kind of network that this kernel has no links for: nothing of it can be made. */
export class UnsupportedDriver extends LinklessDriver {
  constructor(name: string) {
    super(name, "");
  }

  /** Errors: notImplemented, always. */
  override async plan(): Promise<NetworkRecord> {
    throw notImplemented(`${this.name} networks are not supported: the engine makes no ${this.name} links`);
  }
}

import { notImplemented } from "../../base/errors.ts";
import type { AllowedFlow } from "./allowed-flow.ts";
import type { FirewalledBridge } from "./bridge-rules.ts";
import type { PublishedPort } from "./published-port.ts";

/** Everything that a packet filter is to let through. */
export interface WantedRules {
  readonly bridges: readonly FirewalledBridge[];
  readonly ports: readonly PublishedPort[];
  readonly flows: readonly AllowedFlow[];
}

/** What bridge networks need of a packet filter. Every method is idempotent. */
export interface Firewall {
  addBridge(bridge: FirewalledBridge): Promise<void>;
  removeBridge(name: string): Promise<void>;
  publish(ports: readonly PublishedPort[]): Promise<void>;
  unpublish(ports: readonly PublishedPort[]): Promise<void>;
  /** Containers of bridges that keep them apart reach these ports of each other. */
  allow(flows: readonly AllowedFlow[]): Promise<void>;
  forbid(flows: readonly AllowedFlow[]): Promise<void>;
  reconcile(wanted: WantedRules): Promise<void>;
  /** Whatever others did to the rules, they are what was wanted last. */
  restore(): Promise<void>;
  /** There are no bridges any more: nothing is left but what an administrator put there. */
  retire(): Promise<void>;
  /** Nothing is left, whoever put it there. */
  destroy(): Promise<void>;
  close(): Promise<void>;
}

/** The packet filter belongs to somebody else: nothing is filtered, nothing translated, and so no port published. */
export class NoFirewall implements Firewall {
  // There are no rules, so none have to be made or removed.
  async addBridge(): Promise<void> {}
  async removeBridge(): Promise<void> {}
  async unpublish(): Promise<void> {}
  async allow(): Promise<void> {}
  async forbid(): Promise<void> {}
  async reconcile(): Promise<void> {}
  async restore(): Promise<void> {}
  async retire(): Promise<void> {}
  async destroy(): Promise<void> {}
  async close(): Promise<void> {}

  /** Errors: notImplemented. */
  async publish(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    throw notImplemented(
      "ports cannot be published while the engine makes no packet filter rules (--iptables=false)",
    );
  }
}

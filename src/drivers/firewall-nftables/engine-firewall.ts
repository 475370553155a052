import { createHash } from "node:crypto";
import { Semaphore } from "../../base/async.ts";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import {
  deleteConnections,
  type NetlinkSocket,
  openConntrackSocket,
  RulesetWatch,
} from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import type { Reactor, ReadyWatch } from "../../os/linux/reactor/reactor.ts";
import { type AllowedFlow, addFlowCommands, flowKey, removeFlowCommands } from "./allowed-flow.ts";
import { baseCommands, CHAINS } from "./base-rules.ts";
import { addBridgeCommands, type FirewalledBridge, removeBridgeCommands } from "./bridge-rules.ts";
import { clearCommands } from "./clear-table.ts";
import type { Firewall, WantedRules } from "./firewall.ts";
import {
  addInputPortCommands,
  type InputLoop,
  inputPolicyCommands,
  removeInputPolicyCommands,
  removeInputPortCommands,
} from "./input-policy.ts";
import { addPortCommands, removePortCommands } from "./port-elements.ts";
import { familyOf, isTranslated, isWildcard, keyOf, type PublishedPort } from "./published-port.ts";

export interface EngineFirewallOptions {
  /** Names the table, so that engines side by side never touch each other's. */
  readonly engineId: string;
  /** The network namespace of the host's part, a file; the process's own by default. */
  readonly namespace?: string;
  /**
   * Published ports obey the host's own input rules, by way of the pair of links that this makes where it is missing; they
   * pass them by without one.
   */
  readonly ensureInputLoop?: () => InputLoop;
  /** Whether packets of IPv6 are filtered and translated; they all pass otherwise. Default true. */
  readonly filtersIpv6?: boolean;
  /** Notices what others do to the table. */
  readonly reactor?: Reactor;
  readonly logger?: Logger;
}

const RESTORE_AFTER_MS = 100;
const MAX_LOOKS = 5;

/** Whether the kernel's table is not what a transaction was made for. */
function isOtherTable(error: unknown): boolean {
  return error instanceof nft.NftablesError && ["ENOENT", "EEXIST"].includes(error.code);
}

/** The name of an engine's table. */
export function firewallTableName(engineId: string): string {
  return `gantry-${createHash("sha256").update(engineId).digest("hex").slice(0, 8)}`;
}

/**
 * The packet filter and address translation of one engine: the table `inet gantry-<8 hex digits>`. Each change is one
 * transaction. What is wanted is kept here; where the kernel's table was flushed or deleted by somebody it is put back
 * whole, within a second where there is a reactor and with the next change otherwise. An `accept` here does not overrule a `drop` in another program's table.
 * The chain `user` is consulted before anything else for each forwarded packet; its rules are the administrator's and
 * survive everything except `destroy`.
 */
export class EngineFirewall implements Firewall {
  readonly #table: nft.NftTable;
  readonly #namespace: string | undefined;
  readonly #filtersIpv6: boolean;
  readonly #bridges = new Map<string, FirewalledBridge>();
  readonly #ports = new Map<string, PublishedPort>();
  readonly #flows = new Map<string, AllowedFlow>();
  readonly #ensureInputLoop: (() => InputLoop) | undefined;
  /** Changes of what is wanted and of the kernel's table go together, one after the other. */
  readonly #turns = new Semaphore(1);
  #rules: nft.Nftables | undefined;
  #connections: NetlinkSocket | undefined;
  readonly #reactor: Reactor | undefined;
  readonly #logger: Logger | undefined;
  #watch: { readonly changes: RulesetWatch; readonly ready: ReadyWatch } | undefined;
  #restoring: NodeJS.Timeout | undefined;

  constructor(options: EngineFirewallOptions) {
    this.#reactor = options.reactor;
    this.#logger = options.logger;
    this.#table = { family: "inet", name: firewallTableName(options.engineId) };
    this.#namespace = options.namespace;
    this.#filtersIpv6 = options.filtersIpv6 ?? true;
    this.#ensureInputLoop = options.ensureInputLoop;
  }

  /** The bridge's packets are filtered and translated; a second time replaces the first. Errors: NftablesError. */
  async addBridge(bridge: FirewalledBridge): Promise<void> {
    using _turn = await this.#turns.acquire();
    const before = this.#bridges.get(bridge.bridge);
    await this.#apply(
      () => this.#bridges.set(bridge.bridge, bridge),
      [
        ...(before ? removeBridgeCommands(this.#table, before) : []),
        ...addBridgeCommands(this.#table, bridge),
      ],
    );
  }

  /** Nothing of the bridge is left in the table. Idempotent. */
  async removeBridge(name: string): Promise<void> {
    using _turn = await this.#turns.acquire();
    const before = this.#bridges.get(name);
    if (before)
      await this.#apply(() => this.#bridges.delete(name), removeBridgeCommands(this.#table, before));
  }

  /**
   * The host ports lead to the containers; UDP senders that talked to them before do so too from their next packet.
   * Idempotent. Errors: NftablesError.
   */
  async publish(ports: readonly PublishedPort[]): Promise<void> {
    using _turn = await this.#turns.acquire();
    const added = ports.filter((port) => !this.#ports.has(keyOf(port)));
    if (added.length === 0) return;
    await this.#apply(() => {
      for (const port of added) this.#ports.set(keyOf(port), port);
    }, [
      ...addPortCommands(this.#table, added),
      ...(this.#ensureInputLoop ? addInputPortCommands(this.#table.name, added) : []),
    ]);
    await this.#forgetDatagramSenders(added);
  }

  /** The host ports lead nowhere any more. Idempotent. */
  async unpublish(ports: readonly PublishedPort[]): Promise<void> {
    using _turn = await this.#turns.acquire();
    const removed = ports.filter((port) => this.#ports.has(keyOf(port)));
    if (removed.length === 0) return;
    await this.#apply(() => {
      for (const port of removed) this.#ports.delete(keyOf(port));
    }, [
      ...removePortCommands(this.#table, removed),
      ...(this.#ensureInputLoop ? removeInputPortCommands(this.#table.name, removed) : []),
    ]);
    await this.#forgetDatagramSenders(removed);
  }

  async allow(flows: readonly AllowedFlow[]): Promise<void> {
    using _turn = await this.#turns.acquire();
    const added = flows.filter((flow) => !this.#flows.has(flowKey(flow)));
    if (added.length === 0) return;
    await this.#apply(
      () => {
        for (const flow of added) this.#flows.set(flowKey(flow), flow);
      },
      addFlowCommands(this.#table, added),
    );
  }

  async forbid(flows: readonly AllowedFlow[]): Promise<void> {
    using _turn = await this.#turns.acquire();
    const removed = flows.filter((flow) => this.#flows.has(flowKey(flow)));
    if (removed.length === 0) return;
    await this.#apply(
      () => {
        for (const flow of removed) this.#flows.delete(flowKey(flow));
      },
      removeFlowCommands(this.#table, removed),
    );
  }

  /** The table holds exactly what is wanted, and the user's chain as it was. */
  async reconcile({ bridges, ports, flows }: WantedRules): Promise<void> {
    using _turn = await this.#turns.acquire();
    this.#clear();
    for (const bridge of bridges) this.#bridges.set(bridge.bridge, bridge);
    for (const port of ports) this.#ports.set(keyOf(port), port);
    for (const flow of flows) this.#flows.set(flowKey(flow), flow);
    await this.#rebuild();
    this.#watchOthers();
  }

  async restore(): Promise<void> {
    using _turn = await this.#turns.acquire();
    await this.#rebuild();
  }

  /** The table is gone, unless the user's chain holds rules. */
  async retire(): Promise<void> {
    const found = (await this.#open().listTable(this.#table.family, this.#table.name)) ?? [];
    const isUsers = ({ rule }: nft.NftablesObject) => (rule as { chain?: string })?.chain === CHAINS.user;
    if (!found.some(isUsers)) await this.destroy();
  }

  /** The table and the user's chain in it are gone. */
  async destroy(): Promise<void> {
    await this.#endWatch();
    using _turn = await this.#turns.acquire();
    this.#clear();
    const commands = [...nft.deleteTable(this.#table), ...removeInputPolicyCommands(this.#table.name)];
    await this.#open().run(nft.joinCommands(commands));
  }

  /** Frees what this object holds; the rules stay in force. */
  async close(): Promise<void> {
    await this.#endWatch();
    this.#connections?.close();
    this.#connections = undefined;
    await this.#rules?.close();
    this.#rules = undefined;
  }

  #clear(): void {
    this.#bridges.clear();
    this.#ports.clear();
    this.#flows.clear();
  }

  #watchOthers(): void {
    if (!this.#reactor || this.#watch) return;
    const changes = RulesetWatch.open(this.#namespace);
    const ready = this.#reactor.watchReadable(
      changes.fd,
      () => {
        const deletions = changes.read();
        const harmed = (deletions ?? [undefined]).some(
          (deletion) =>
            deletion === undefined || (deletion.table === this.#table.name && deletion.chain !== CHAINS.user),
        );
        if (harmed) this.#restoreSoon();
        ready.rearm();
      },
      { keepAlive: false },
    );
    this.#watch = { changes, ready };
  }

  /** Whoever flushes rules may go on for a moment, and two programs must not chase each other. */
  #restoreSoon(): void {
    this.#restoring ??= setTimeout(async () => {
      this.#restoring = undefined;
      try {
        await this.restore();
        this.#logger?.warn(
          { table: this.#table.name },
          "another program removed packet filter rules; they are back",
        );
      } catch (error) {
        this.#logger?.error(
          { table: this.#table.name, reason: messageOf(error) },
          "restoring packet filter rules",
        );
      }
    }, RESTORE_AFTER_MS).unref();
  }

  async #endWatch(): Promise<void> {
    clearTimeout(this.#restoring);
    this.#restoring = undefined;
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.ready.close();
    watch?.changes.close();
  }

  #open(): nft.Nftables {
    this.#rules ??= nft.Nftables.open(this.#namespace === undefined ? {} : { namespace: this.#namespace });
    return this.#rules;
  }

  /** `change` tells this object what is wanted; it is only called when the kernel has it or will get it anew. */
  async #apply(change: () => void, commands: readonly nft.NftCommand[]): Promise<void> {
    try {
      await this.#open().run(nft.joinCommands(commands));
      change();
    } catch (error) {
      // The table is not what was left there: flushed or deleted by somebody, or never made.
      if (!isOtherTable(error)) throw error;
      change();
      await this.#rebuild();
    }
  }

  /**
   * One transaction: at no moment is a packet without rules. What others take away between the look and the
   * transaction is found missing by the next look.
   */
  async #rebuild(): Promise<void> {
    for (let looks = 1; ; looks++) {
      try {
        await this.#rebuildOnce();
        return;
      } catch (error) {
        if (!isOtherTable(error) || looks === MAX_LOOKS) throw error;
      }
    }
  }

  async #rebuildOnce(): Promise<void> {
    const rules = this.#open();
    const loop = this.#ensureInputLoop?.();
    const found = (await rules.listTable(this.#table.family, this.#table.name)) ?? [];
    await rules.run(
      nft.joinCommands([
        ...clearCommands(this.#table, found),
        ...baseCommands(this.#table, { loop, filtersIpv6: this.#filtersIpv6 }),
        ...[...this.#bridges.values()].flatMap((bridge) => addBridgeCommands(this.#table, bridge)),
        ...addPortCommands(this.#table, [...this.#ports.values()]),
        ...addFlowCommands(this.#table, [...this.#flows.values()]),
        ...this.#inputCommands(loop),
      ]),
    );
  }

  /** The tables of the families that `inet` cannot stand for, as they are to be. */
  #inputCommands(loop: InputLoop | undefined): nft.NftCommand[] {
    const { name } = this.#table;
    return [
      ...removeInputPolicyCommands(name),
      ...(loop ? inputPolicyCommands(name, loop) : []),
      ...(loop ? addInputPortCommands(name, [...this.#ports.values()]) : []),
    ];
  }

  async #forgetDatagramSenders(ports: readonly PublishedPort[]): Promise<void> {
    for (const port of ports) {
      if (port.protocol !== "udp" || !isTranslated(port)) continue;
      this.#connections ??= openConntrackSocket(this.#namespace);
      await deleteConnections(this.#connections, {
        family: familyOf(port),
        protocol: "udp",
        destinationPort: port.hostPort,
        ...(isWildcard(port) ? {} : { destination: port.hostIp }),
      });
    }
  }
}

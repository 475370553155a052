import { KeyedMutex } from "../../base/async.ts";
import type { NameResolver, ResolverSettings, Sandbox } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import {
  encodeReply,
  MAX_MESSAGE_BYTES,
  MIN_UDP_BYTES,
  parseQuery,
  type Question,
  RCODE,
  TYPE,
} from "../../spec/dns/mod.ts";
import { answerLocally } from "./answers.ts";
import { Forwarder, type ForwarderOptions, type Transport } from "./forwarder.ts";
import { HostNameServers } from "./host-name-servers.ts";
import { NameDirectory } from "./name-directory.ts";
import { RESOLVER_ADDRESS, redirectQuestions } from "./redirect.ts";
import { SandboxListener } from "./sandbox-listener.ts";

export interface ResolverOptions {
  readonly reactor: Reactor;
  readonly forwarder?: ForwarderOptions;
  /** The host's resolv.conf(5). */
  readonly hostResolvConf?: string;
}

interface Served {
  readonly listener: SandboxListener;
  settings: ResolverSettings;
}

/** The engine's name server: one pair of sockets in each sandbox, one directory of names behind all of them. */
export class Resolver implements NameResolver {
  readonly #reactor: Reactor;
  readonly #names = new NameDirectory();
  readonly #forwarder: Forwarder;
  readonly #hostServers: HostNameServers;
  readonly #served = new Map<string, Served>();
  readonly #turns = new KeyedMutex();

  constructor(options: ResolverOptions) {
    this.#reactor = options.reactor;
    this.#forwarder = new Forwarder(options.forwarder);
    this.#hostServers = new HostNameServers(options.hostResolvConf);
  }

  addEndpoint(network: NetworkRecord, endpoint: EndpointRecord): void {
    this.#names.add(network, endpoint);
  }

  removeEndpoint(endpointId: string): void {
    this.#names.remove(endpointId);
  }

  async serve(sandbox: Sandbox, settings: ResolverSettings): Promise<void> {
    const { containerId } = sandbox;
    using _turn = await this.#turns.acquire(containerId);
    const served = this.#served.get(containerId);
    if (served) {
      served.settings = settings;
      return;
    }
    const listener = new SandboxListener(this.#reactor, sandbox, (message, transport) =>
      this.#answer(containerId, message, transport),
    );
    try {
      await redirectQuestions(sandbox.path, listener.udpPort, listener.tcpPort);
    } catch (error) {
      await listener[Symbol.asyncDispose]();
      throw error;
    }
    this.#served.set(containerId, { listener, settings });
  }

  async stop(containerId: string): Promise<void> {
    using _turn = await this.#turns.acquire(containerId);
    const served = this.#served.get(containerId);
    this.#served.delete(containerId);
    await served?.listener[Symbol.asyncDispose]();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#served.keys()].map((containerId) => this.stop(containerId)));
  }

  #answer(
    containerId: string,
    message: Uint8Array,
    transport: Transport,
  ): Uint8Array | undefined | Promise<Uint8Array> {
    const query = parseQuery(message);
    if (query.kind === "ignored") return undefined;
    if (query.kind === "malformed") return query.reply;
    const { question } = query;
    const records = answerLocally(this.#names, containerId, question);
    const maxBytes = transport === "tcp" ? MAX_MESSAGE_BYTES : (question.udpBytes ?? MIN_UDP_BYTES);
    if (records) return encodeReply(question, RCODE.noError, records, maxBytes);
    return this.#forward(containerId, question, message, transport);
  }

  async #forward(
    containerId: string,
    question: Question,
    message: Uint8Array,
    transport: Transport,
  ): Promise<Uint8Array> {
    const settings = this.#served.get(containerId)?.settings;
    const bare = question.type === TYPE.A || question.type === TYPE.AAAA;
    if (settings?.keepsSingleNames && bare && !question.name.includes(".")) {
      return encodeReply(question, RCODE.noError, [], MIN_UDP_BYTES);
    }
    // Names of the outside are of no use where nothing leads there, and asking for them would tell about the inside.
    const servers = this.#names.leadsOut(containerId)
      ? (settings?.servers ?? (await this.#hostServers.list()))
      : [];
    const others = servers.filter((server) => server !== RESOLVER_ADDRESS);
    const answer = await this.#forwarder.ask(containerId, question, message, others, transport);
    return answer ?? encodeReply(question, RCODE.serverFailure, [], MIN_UDP_BYTES);
  }
}

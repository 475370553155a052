import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { MAX_MESSAGE_BYTES, matchReply, type Question, RCODE, withId } from "../../spec/dns/mod.ts";
import { StreamMessages } from "./stream-messages.ts";

/** As docker: three servers, four seconds each. */
const MAX_SERVERS = 3;
const SERVER_TIMEOUT_MS = 4_000;
/** A server that says nothing for so long gets company. */
const NEXT_SERVER_AFTER_MS = 1_200;
const DNS_PORT = 53;

export type Transport = "udp" | "tcp";

export interface ForwarderOptions {
  /** Questions on their way at once, of all containers and of one; those beyond are refused at once. */
  readonly maxInFlight?: number;
  readonly maxInFlightOfOne?: number;
  /** Another port than 53, for tests. */
  readonly port?: number;
}

/** Answers that another server may know better. */
const WEAK: ReadonlySet<number> = new Set([RCODE.serverFailure, RCODE.refused, RCODE.notImplemented]);

/**
 * Passes questions on to name servers, from the host's own network. Each question has a socket, and so a port, of its own and
 * a random id, so that nobody can guess an answer in. Source: RFC 5452.
 */
export class Forwarder {
  readonly #maxInFlight: number;
  readonly #maxInFlightOfOne: number;
  readonly #port: number;
  readonly #inFlight = new Map<string, number>();
  #total = 0;

  constructor(options: ForwarderOptions = {}) {
    this.#maxInFlight = options.maxInFlight ?? 2_048;
    this.#maxInFlightOfOne = options.maxInFlightOfOne ?? 256;
    this.#port = options.port ?? DNS_PORT;
  }

  /**
   * The first good answer of the servers, asked one after the other and with overlap; a weak one (SERVFAIL, REFUSED) where no
   * server has a better; undefined where none answers or too many questions are on their way. `message` is the whole
   * question. Never rejects.
   */
  async ask(
    asker: string,
    question: Question,
    message: Uint8Array,
    servers: readonly string[],
    transport: Transport,
  ): Promise<Uint8Array | undefined> {
    const ofOne = this.#inFlight.get(asker) ?? 0;
    if (this.#total >= this.#maxInFlight || ofOne >= this.#maxInFlightOfOne) return undefined;
    this.#total++;
    this.#inFlight.set(asker, ofOne + 1);
    try {
      const answer = await this.#askInTurn(question, message, servers.slice(0, MAX_SERVERS), transport);
      return answer && withId(answer, question.id);
    } finally {
      this.#total--;
      const rest = (this.#inFlight.get(asker) ?? 1) - 1;
      if (rest > 0) this.#inFlight.set(asker, rest);
      else this.#inFlight.delete(asker);
    }
  }

  async #askInTurn(
    question: Question,
    message: Uint8Array,
    servers: readonly string[],
    transport: Transport,
  ): Promise<Uint8Array | undefined> {
    const end = new AbortController();
    let weak: Uint8Array | undefined;
    const { promise: good, resolve } = Promise.withResolvers<Uint8Array>();
    const one = async (server: string) => {
      const id = randomInt(0x10000);
      const send = transport === "udp" ? askByUdp : askByTcp;
      const answer = await send(server, this.#port, question, withId(message, id), id, end.signal);
      if (!answer) return;
      if (WEAK.has(matchReply(question, id, answer)!.rcode)) weak ??= answer;
      else resolve(answer);
    };
    try {
      const asked: Array<Promise<void>> = [];
      for (const server of servers) {
        const attempt = one(server);
        asked.push(attempt);
        const answer = await Promise.race([good, attempt.then(() => undefined), after(NEXT_SERVER_AFTER_MS)]);
        if (answer) return answer;
      }
      return (await Promise.race([good, Promise.all(asked).then(() => undefined)])) ?? weak;
    } finally {
      end.abort();
    }
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}

/** `settle` is called with what the returned function gets, or with nothing once the time is up or the signal aborts. */
function settleInTime(
  signal: AbortSignal,
  settle: (answer: Uint8Array | undefined) => void,
): (answer: Uint8Array | undefined) => void {
  const finish = (answer: Uint8Array | undefined) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    settle(answer);
  };
  const giveUp = () => finish(undefined);
  const timer = setTimeout(giveUp, SERVER_TIMEOUT_MS);
  signal.addEventListener("abort", giveUp, { once: true });
  return finish;
}

/** One question to one server; undefined where it cannot be reached, or says nothing in time. */
function askByUdp(
  server: string,
  port: number,
  question: Question,
  message: Uint8Array,
  id: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.split("%")[0]!) ? "udp6" : "udp4");
    const finish = settleInTime(signal, (answer) => {
      socket.removeAllListeners("message");
      try {
        socket.close();
      } catch {
        // Closed already, by a failure to open it.
      }
      resolve(answer);
    });
    // No route, a closed port: what counts is that this server gives no answer.
    socket.on("error", () => finish(undefined));
    socket.on("message", (reply) => {
      // Something that answers another question was sent by somebody who guesses: go on waiting.
      if (matchReply(question, id, reply)) finish(reply);
    });
    socket.connect(port, server, () => {
      if (signal.aborted) return;
      socket.send(message, (error) => error && finish(undefined));
    });
  });
}

function askByTcp(
  server: string,
  port: number,
  question: Question,
  message: Uint8Array,
  id: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port });
    const messages = new StreamMessages(MAX_MESSAGE_BYTES);
    const finish = settleInTime(signal, (answer) => {
      socket.destroy();
      resolve(answer);
    });
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    socket.on("connect", () => socket.write(StreamMessages.frame(message)));
    socket.on("data", (bytes: Uint8Array) => {
      for (const reply of messages.push(bytes)) if (matchReply(question, id, reply)) finish(reply);
    });
  });
}

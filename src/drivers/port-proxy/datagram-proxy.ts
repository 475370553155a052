import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv4 } from "node:net";
import type { Logger } from "../../base/logger.ts";
import type { OwnedFd } from "../../os/linux/fd.ts";
import type { DescriptorShare } from "./descriptor-share.ts";
import type { ProxyTarget } from "./port-proxies.ts";

/** A session nobody says anything in is over after this. Source: docker's proxy, UDPConnTrackTimeout. */
const SESSION_MS = 90_000;
/** What may wait for a session's socket to be ready. */
const MAX_WAITING = 64;

/** Leads datagrams to a container's port, and its answers back to each client by a socket of the client's own. */
export class DatagramProxy {
  readonly #socket: Socket;
  readonly #target: ProxyTarget;
  readonly #share: DescriptorShare;
  readonly #sessionMs: number;
  readonly #sessions = new Map<string, Session>();
  #closed = false;

  /** Serves the bound socket, which is the proxy's from now on. */
  constructor(
    bound: OwnedFd,
    target: ProxyTarget,
    share: DescriptorShare,
    logger: Logger,
    sessionMs = SESSION_MS,
  ) {
    this.#target = target;
    this.#share = share;
    this.#sessionMs = sessionMs;
    this.#socket = createSocket("udp6", (datagram, client) => this.#forward(datagram, client));
    this.#socket.on("error", (error) => {
      logger.warn({ target, reason: error.message }, "the proxy of a published port failed to read or send");
    });
    this.#socket.bind({ fd: bound.release() });
    this.#socket.unref();
  }

  /** Nobody listens any more, and all sessions are over. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    for (const session of this.#sessions.values()) session.close();
  }

  #forward(datagram: Buffer, client: RemoteInfo): void {
    const key = `${client.address} ${client.port}`;
    const session = this.#sessions.get(key) ?? this.#open(key, client);
    session?.send(datagram);
  }

  /** Undefined where there are too many clients: datagrams get lost, as they do. */
  #open(key: string, { address, port }: RemoteInfo): Session | undefined {
    if (!this.#share.take(1)) return undefined;
    const session = new Session(this.#target, this.#sessionMs, {
      answer: (datagram) => {
        // A client that went away is told nothing, and there is nobody else to tell.
        if (!this.#closed) this.#socket.send(datagram, port, address, () => {});
      },
      ended: () => {
        this.#sessions.delete(key);
        this.#share.giveBack(1);
      },
    });
    this.#sessions.set(key, session);
    return session;
  }
}

/** What one client says to the container, and the container to it. */
class Session {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #ended: () => void;
  #waiting: Buffer[] | undefined = [];
  #closed = false;

  constructor(
    { address, port }: ProxyTarget,
    idleMs: number,
    { answer, ended }: { readonly answer: (datagram: Buffer) => void; readonly ended: () => void },
  ) {
    this.#ended = ended;
    this.#timer = setTimeout(() => this.close(), idleMs).unref();
    this.#socket = createSocket(isIPv4(address) ? "udp4" : "udp6", (datagram) => {
      this.#timer.refresh();
      answer(datagram);
    });
    // Nobody in the container listens yet, or any more: the client asks again, or gives up.
    this.#socket.on("error", () => {});
    this.#socket.connect(port, address, () => this.#ready());
    this.#socket.unref();
  }

  send(datagram: Buffer): void {
    this.#timer.refresh();
    if (!this.#waiting) this.#socket.send(datagram, () => {});
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(datagram);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#ended();
  }

  #ready(): void {
    if (this.#closed) return;
    for (const datagram of this.#waiting ?? []) this.#socket.send(datagram, () => {});
    this.#waiting = undefined;
  }
}

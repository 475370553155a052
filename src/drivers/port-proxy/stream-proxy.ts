import { connect, createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../../base/logger.ts";
import type { OwnedFd } from "../../os/linux/fd.ts";
import type { DescriptorShare } from "./descriptor-share.ts";
import type { ProxyTarget } from "./port-proxies.ts";

/** How long a peer may say nothing before the kernel asks whether it is still there. Source: Go's net.Listener, docker's proxy. */
const KEEP_ALIVE_MS = 15_000;
/** The client's and the container's. */
const DESCRIPTORS_EACH = 2;

/**
 * Leads TCP connections to a container's port. Each direction ends by itself and is read no faster than the other side
 * takes it; a connection may say nothing for as long as both its ends are there.
 */
export class StreamProxy {
  readonly #server: Server;
  readonly #target: ProxyTarget;
  readonly #share: DescriptorShare;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  /** Said once, however many come. */
  #refusing = false;

  /** Serves the listening socket, which is the proxy's from now on. */
  constructor(listener: OwnedFd, target: ProxyTarget, share: DescriptorShare, logger: Logger) {
    this.#target = target;
    this.#share = share;
    this.#logger = logger;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#serve(client));
    this.#server.on("error", (error) => {
      logger.error({ target, reason: error.message }, "a published port is no longer served by its proxy");
    });
    this.#server.listen({ fd: listener.release() });
    this.#server.unref();
  }

  /** Nobody listens any more, and connections are cut. Idempotent. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: Socket): void {
    if (!this.#share.take(DESCRIPTORS_EACH)) {
      client.on("error", () => {});
      client.resetAndDestroy();
      if (!this.#refusing)
        this.#logger.warn({ target: this.#target }, "too many callers of published ports: some are refused");
      this.#refusing = true;
      return;
    }
    this.#refusing = false;
    const container = connect({
      host: this.#target.address,
      port: this.#target.port,
      allowHalfOpen: true,
    });
    let open = DESCRIPTORS_EACH;
    const ended = () => {
      open--;
      if (open === 0) this.#share.giveBack(DESCRIPTORS_EACH);
    };
    // What a client said before it broke off reaches nobody in TCP either; what a container said is still delivered.
    this.#join(client, container, ended, () => container.resetAndDestroy());
    this.#join(container, client, ended, () => client.destroySoon());
  }

  /** What comes from `source` goes to `sink`, its end included; `brokeOff` is called where it came without one. */
  #join(source: Socket, sink: Socket, ended: () => void, brokeOff: () => void): void {
    this.#sockets.add(source);
    source.setNoDelay(true);
    source.setKeepAlive(true, KEEP_ALIVE_MS);
    source.unref();
    // The event `close` that follows says all that matters.
    source.on("error", () => {});
    source.once("close", () => {
      this.#sockets.delete(source);
      ended();
      if (!source.readableEnded || !source.writableFinished) brokeOff();
    });
    source.pipe(sink);
  }
}

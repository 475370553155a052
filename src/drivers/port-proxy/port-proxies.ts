import { type Logger, silentLogger } from "../../base/logger.ts";
import { openServedPort } from "../../os/linux/port-reservation.ts";
import { DatagramProxy } from "./datagram-proxy.ts";
import { DescriptorShare } from "./descriptor-share.ts";
import { StreamProxy } from "./stream-proxy.ts";

/** A place on the host that a proxy serves. */
export interface ProxiedPort {
  readonly protocol: "tcp" | "udp";
  /** An IPv6 address of the host, or `::` for all of them. */
  readonly address: string;
  readonly port: number;
}

/** Where a proxy leads: a port of a container. */
export interface ProxyTarget {
  readonly address: string;
  readonly port: number;
}

export interface PortProxiesOptions {
  /** Descriptors for clients; half of the process's by default. */
  readonly share?: DescriptorShare;
  /** A session of UDP that nobody says anything in is over after this; docker's 90 seconds by default. */
  readonly sessionMs?: number;
  readonly logger?: Logger;
}

/**
 * Serves host ports that the kernel cannot lead to their containers: those of IPv6 whose container has IPv4 alone, and
 * `::1`, which nothing is routed from. The container sees the host as its caller. Proxies live in this process and end
 * with it; clients never keep it alive.
 */
export class PortProxies {
  readonly #share: DescriptorShare;
  readonly #sessionMs: number | undefined;
  readonly #logger: Logger;

  constructor(options: PortProxiesOptions = {}) {
    this.#share = options.share ?? DescriptorShare.ofProcess();
    this.#sessionMs = options.sessionMs;
    this.#logger = options.logger ?? silentLogger;
  }

  /**
   * The port is taken and served until `close`, which also cuts what clients have open. A container that does not answer
   * yet is no error: its clients are cut off.
   * Errors: SyscallError: EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  open(port: ProxiedPort, target: ProxyTarget): { close(): void } {
    const socket = openServedPort(port);
    return port.protocol === "tcp"
      ? new StreamProxy(socket, target, this.#share, this.#logger)
      : new DatagramProxy(socket, target, this.#share, this.#logger, this.#sessionMs);
  }
}

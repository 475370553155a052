import type { ConnectionOptions } from "node:tls";
import type { Reactor } from "../../../os/linux/reactor/reactor.ts";
import type { SinkAddress } from "./address.ts";
import { DatagramConnection } from "./datagram-connection.ts";
import { StreamConnection } from "./stream-connection.ts";
import { UnixDatagramConnection } from "./unix-datagram-connection.ts";

/** A way to a sink, made when first needed and again after it broke. */
export interface SinkConnection extends AsyncDisposable {
  /** Resolves when the kernel or the peer has all messages. Rejects when they may not have arrived. */
  send(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
}

/** Errors: none; connecting happens in `send`. */
export function openConnection(
  reactor: Reactor,
  address: SinkAddress,
  tls?: () => Promise<ConnectionOptions>,
): SinkConnection {
  switch (address.protocol) {
    case "udp":
      return new DatagramConnection(address);
    case "unixgram":
      return new UnixDatagramConnection(reactor, [address.path]);
    default:
      return new StreamConnection(address, tls);
  }
}

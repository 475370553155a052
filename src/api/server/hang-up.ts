import type { Socket } from "node:net";

/**
 * Resolves once the peer of a unix socket has closed it for good, which its end of input alone does not tell: that may
 * be the end of one direction. Rejects when the signal aborts.
 */
export type HangUpWatch = (fd: number, signal: AbortSignal) => Promise<void>;

/** How often the kernel asks whether a client across a network, which may vanish without a word, is still there. */
export const TCP_KEEP_ALIVE_MS = 15_000;

/** The descriptor of a socket that was accepted from a unix listener; undefined for any other and for a closed one. */
export function unixDescriptor(socket: Socket): number | undefined {
  if (socket.destroyed || socket.remoteFamily !== undefined) return undefined;
  // Neither runtime has a public name for it; both have had this one from their beginnings.
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

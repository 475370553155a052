import type { Socket } from "node:net";

/**
 * Old clients take a connection over without an `Upgrade` header: they send `POST …/attach` or `POST /exec/…/start`
 * and raw bytes right behind it. An HTTP parser would take those bytes for the next request. So the first head on
 * each connection is looked at here, and such a request gets the header that makes the parser let go.
 */
const HIJACKING =
  /^POST (?:\/v[0-9.]+)?\/(?:containers\/[^ ?]+\/attach|exec\/[^ ?]+\/start)(?:\?[^ ]*)? HTTP\/1\.[01]\r\n/;
const LONGEST_HEAD_BYTES = 64 * 1024;
const CONNECTION_LINE = "Connection: Upgrade\r\n";
const UPGRADE_LINE = "Upgrade: tcp\r\n";

const legacySockets = new WeakSet<Socket>();

/** Whether the request that took this socket over did so without an `Upgrade` header. */
export function isLegacyHijack(socket: Socket): boolean {
  return legacySockets.has(socket);
}

/** Looks at the first head on `socket`, then hands the socket on with every byte still to be read. */
export function inspectFirstHead(socket: Socket, handOn: (socket: Socket) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const head = completeHead(seen);
    if (head === "incomplete") return;
    stop();
    socket.pause();
    socket.unshift(head === undefined ? seen : markUpgrade(socket, seen, head));
    handOn(socket);
    socket.resume();
  };
  const stop = () => {
    socket.off("data", onData);
    socket.off("end", onEnd);
  };
  // Nothing that could be answered came.
  const onEnd = () => socket.destroy();
  socket.on("data", onData);
  socket.on("end", onEnd);
}

/** The head of a request that takes the connection over; undefined for any other request. */
function completeHead(bytes: Buffer): string | "incomplete" | undefined {
  if (bytes.length > 0 && bytes[0] !== 0x50 /* P */) return undefined;
  const lineEnd = bytes.indexOf("\r\n");
  if (lineEnd < 0) return bytes.length < LONGEST_HEAD_BYTES ? "incomplete" : undefined;
  if (!HIJACKING.test(bytes.toString("latin1", 0, lineEnd + 2))) return undefined;
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length < LONGEST_HEAD_BYTES ? "incomplete" : undefined;
  return bytes.toString("latin1", 0, end + 4);
}

function markUpgrade(socket: Socket, bytes: Buffer, head: string): Buffer {
  const upgrades = /\r\nupgrade:/i.test(head);
  // Docker asks for no more than `Upgrade`, which means nothing to a parser without the other line.
  if (upgrades && /\r\nconnection:[^\r]*\bupgrade\b/i.test(head)) return bytes;
  if (!upgrades) legacySockets.add(socket);
  const lines = upgrades ? CONNECTION_LINE : CONNECTION_LINE + UPGRADE_LINE;
  const lineEnd = head.indexOf("\r\n") + 2;
  return Buffer.concat([bytes.subarray(0, lineEnd), Buffer.from(lines), bytes.subarray(lineEnd)]);
}

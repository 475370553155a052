import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { invalidArgument } from "../../base/errors.ts";
import type { Duplex, RawConnection } from "./connection.ts";

/**
 * A WebSocket on the server's side, as a plain stream of bytes: messages mean nothing, only their payload does.
 * Source: RFC 6455.
 */

const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Longest payload of a frame from a client. */
const LONGEST_FRAME_BYTES = 16 * 1024 * 1024;

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const CLOSE_NORMAL = 1000;
const CLOSE_PROTOCOL_ERROR = 1002;
const CLOSE_TOO_BIG = 1009;

/** The answer to a handshake. Errors: invalidArgument where the request is none. */
export function acceptHandshake(request: IncomingMessage): string {
  const key = request.headers["sec-websocket-key"];
  if (request.headers.upgrade?.toLowerCase() !== "websocket" || typeof key !== "string") {
    throw invalidArgument("not websocket protocol");
  }
  if (request.headers["sec-websocket-version"] !== "13") {
    throw invalidArgument("websocket version not supported");
  }
  const accept = createHash("sha1")
    .update(key + HANDSHAKE_GUID)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export class WebSocketDuplex implements Duplex {
  readonly #connection: RawConnection;
  readonly #outputOpcode: number;
  #closed = false;

  /** `output` is the kind of message that output is sent as. */
  constructor(connection: RawConnection, output: "text" | "binary") {
    this.#connection = connection;
    this.#outputOpcode = OPCODE[output];
  }

  get gone(): AbortSignal {
    return this.#connection.gone;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = await this.#readFrame();
      if (!frame) return undefined;
      if (frame.opcode === OPCODE.close) {
        await this.#close(frame.payload.subarray(0, 2));
        return undefined;
      }
      if (frame.opcode === OPCODE.ping) await this.#send(OPCODE.pong, frame.payload);
      else if (frame.opcode !== OPCODE.pong && frame.payload.length > 0) return frame.payload;
    }
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    if (!this.#closed) await this.#send(this.#outputOpcode, Buffer.from(bytes as Uint8Array));
  }

  end(): void {
    void this.#close(statusBytes(CLOSE_NORMAL));
  }

  async #close(status: Uint8Array): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#send(OPCODE.close, status);
    this.#connection.end();
  }

  async #fail(code: number): Promise<undefined> {
    await this.#close(statusBytes(code));
    return undefined;
  }

  async #readFrame(): Promise<Frame | undefined> {
    const head = await this.#connection.readExactly(2);
    if (head.length < 2) return undefined;
    const opcode = head[0]! & 0x0f;
    const known = Object.values(OPCODE).includes(opcode as never);
    const isControl = opcode >= OPCODE.close;
    const shortLength = head[1]! & 0x7f;
    const masked = (head[1]! & 0x80) !== 0;
    // Section 5.1: a client masks every frame; 5.5: control frames are short and whole.
    if (!known || !masked || (head[0]! & 0x70) !== 0) return await this.#fail(CLOSE_PROTOCOL_ERROR);
    if (isControl && (shortLength > 125 || (head[0]! & 0x80) === 0)) {
      return await this.#fail(CLOSE_PROTOCOL_ERROR);
    }
    const length = await this.#readLength(shortLength);
    if (length > LONGEST_FRAME_BYTES) return await this.#fail(CLOSE_TOO_BIG);
    const mask = await this.#connection.readExactly(4);
    const payload = await this.#connection.readExactly(length);
    if (mask.length < 4 || payload.length < length) return undefined;
    for (let at = 0; at < payload.length; at++) payload[at]! ^= mask[at & 3]!;
    return { opcode, payload };
  }

  async #readLength(shortLength: number): Promise<number> {
    if (shortLength < 126) return shortLength;
    const bytes = await this.#connection.readExactly(shortLength === 126 ? 2 : 8);
    if (bytes.length === 2) return bytes.readUInt16BE(0);
    return bytes.length === 8 ? Number(bytes.readBigUInt64BE(0)) : 0;
  }

  async #send(opcode: number, payload: Uint8Array): Promise<void> {
    const length = payload.length;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (length < 126) head[1] = length;
    else if (length < 65536) {
      head[1] = 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    await this.#connection.write(Buffer.concat([head, payload]));
  }
}

function statusBytes(code: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code, 0);
  return bytes;
}

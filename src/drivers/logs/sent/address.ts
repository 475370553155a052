import { invalidArgument } from "../../../base/errors.ts";

/** Where a sink is: a host and port, or a path. */
export interface SinkAddress {
  readonly protocol: "tcp" | "tcp+tls" | "udp" | "unix" | "unixgram";
  /** Of network protocols. */
  readonly host: string;
  readonly port: number;
  /** Of unix sockets. */
  readonly path: string;
}

const TRANSPORT = /^(tcp|tcp\+tls|udp|unix|unixgram):\/\/(.*)$/;

/** Whether the text is an address with a protocol that docker calls a transport. */
export function isTransportAddress(text: string): boolean {
  return TRANSPORT.test(text);
}

/**
 * The parts of `PROTO://HOST[:PORT]` or `PROTO:///PATH`; undefined where it is neither. Without a port `defaultPort`
 * is meant; where that is undefined too the address is refused by the caller's text.
 */
export function parseAddress(text: string, defaultPort: number | undefined, refusal: string): SinkAddress {
  const match = TRANSPORT.exec(text);
  if (!match) throw invalidArgument(refusal);
  const protocol = match[1] as SinkAddress["protocol"];
  const rest = match[2]!;
  if (protocol === "unix" || protocol === "unixgram") return { protocol, host: "", port: 0, path: rest };
  const host = /^(\[[^\]]+\]|[^:/]*)(?::(\d+))?\/?$/.exec(rest);
  const port = host?.[2] === undefined ? defaultPort : Number(host[2]);
  if (!host || port === undefined || port > 65_535) throw invalidArgument(refusal);
  return { protocol, host: host[1]!.replace(/^\[|\]$/g, ""), port, path: "" };
}

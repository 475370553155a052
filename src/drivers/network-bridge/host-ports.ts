import { isKind } from "../../base/errors.ts";
import type { PortBinding } from "../../core/networks/network-record.ts";
import { readSysctl } from "../../os/linux/netlink/mod.ts";
import { reservePort } from "../../os/linux/port-reservation.ts";
import { isErrno, SyscallError } from "../../os/linux/syscall-error.ts";
import type { PortProxies } from "../port-proxy/mod.ts";
import { allPortsAllocated, cannotBindPort, portIsAllocated } from "./errors.ts";
import { isProxiable, type PortPlace } from "./port-place.ts";

type Protocol = PortBinding["protocol"];

/** One port to publish, on all addresses at once and under the same number. */
export interface WantedPort {
  readonly protocol: Protocol;
  readonly containerPort: number;
  readonly places: readonly PortPlace[];
  /** 0 for a port of the ephemeral range. */
  readonly firstPort: number;
  readonly lastPort: number;
}

type ContainerPort = Pick<PortBinding, "protocol" | "containerPort">;

interface Holding {
  readonly owner: string;
  readonly hostIp: string;
  /** Undefined where the kernel cannot hold such a port: there is no SCTP socket, so no other program has one either. */
  readonly reservation: { close(): void } | undefined;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * The host ports of one engine's endpoints. Each is bound by a socket of this process, so that other programs cannot take
 * it and a clash is found at once; where the kernel cannot lead callers to the container a proxy serves it.
 */
export class HostPorts {
  readonly #namespace: string | undefined;
  readonly #proxies: PortProxies;
  readonly #holdings = new Map<string, Holding[]>();
  #ephemeral: Range | undefined;
  #nextEphemeral = 0;

  constructor(proxies: PortProxies, namespace?: string) {
    this.#proxies = proxies;
    this.#namespace = namespace;
  }

  /**
   * Takes one host port for `owner`, the first of the range that is free on all addresses; one entry for each address
   * comes back. Errors: conflict (docker's texts); nothing is held then that was not before.
   */
  take(owner: string, wanted: WantedPort): PortBinding[] {
    const fixed = wanted.firstPort === wanted.lastPort && wanted.firstPort !== 0;
    for (const port of this.#candidates(wanted)) {
      try {
        this.#takePort(owner, wanted, port);
      } catch (error) {
        if (fixed || !isOccupied(error)) throw error;
        continue;
      }
      return wanted.places.map(({ hostIp }) => ({
        protocol: wanted.protocol,
        containerPort: wanted.containerPort,
        hostIp,
        hostPort: port,
        hostPortEnd: port,
      }));
    }
    throw allPortsAllocated();
  }

  /** Holds a stored endpoint's port again. Errors: conflict where another program took it meanwhile. */
  restore(owner: string, binding: PortBinding, place: PortPlace): void {
    const { protocol, hostPort, containerPort } = binding;
    const { hostIp } = place;
    const held = this.#holdings.get(keyOf(protocol, hostPort)) ?? [];
    if (held.some((holding) => holding.owner === owner && holding.hostIp === hostIp)) return;
    this.#hold(owner, { protocol, containerPort }, hostPort, place);
  }

  /** Gives back all ports of `owner`. Idempotent. */
  release(owner: string): void {
    for (const [key, holdings] of this.#holdings) {
      if (!holdings.some((holding) => holding.owner === owner)) continue;
      for (const holding of holdings) if (holding.owner === owner) holding.reservation?.close();
      this.#put(
        key,
        holdings.filter((holding) => holding.owner !== owner),
      );
    }
  }

  /** Gives back everything. */
  close(): void {
    for (const holding of [...this.#holdings.values()].flat()) holding.reservation?.close();
    this.#holdings.clear();
  }

  *#candidates({ firstPort, lastPort }: WantedPort): Generator<number> {
    if (firstPort !== 0) {
      for (let port = firstPort; port <= lastPort; port++) yield port;
      return;
    }
    const { first, last } = this.#ephemeralRange();
    const count = last - first + 1;
    for (let tried = 0; tried < count; tried++) {
      const port = first + (this.#nextEphemeral % count);
      // Onwards from the last one, so that a port just given back does not lead somebody else to a new container.
      this.#nextEphemeral = (this.#nextEphemeral + 1) % count;
      yield port;
    }
  }

  #ephemeralRange(): Range {
    if (!this.#ephemeral) {
      const text = readSysctl("net.ipv4.ip_local_port_range", this.#namespace);
      const [first, last] = text.split(/\s+/).map(Number);
      this.#ephemeral = { first: first!, last: last! };
    }
    return this.#ephemeral;
  }

  #takePort(owner: string, wanted: WantedPort, port: number): void {
    const { protocol, places } = wanted;
    const key = keyOf(protocol, port);
    const before = this.#holdings.get(key) ?? [];
    for (const { hostIp } of places) {
      if (before.some((holding) => overlap(holding.hostIp, hostIp))) throw portIsAllocated(hostIp, port);
    }
    try {
      for (const place of places) this.#hold(owner, wanted, port, place);
    } catch (error) {
      for (const holding of this.#holdings.get(key) ?? []) {
        if (!before.includes(holding)) holding.reservation?.close();
      }
      this.#put(key, before);
      throw error;
    }
  }

  #hold(owner: string, { protocol, containerPort }: ContainerPort, port: number, place: PortPlace): void {
    const reservation = this.#reserve({ protocol, containerPort }, port, place);
    const key = keyOf(protocol, port);
    this.#put(key, [...(this.#holdings.get(key) ?? []), { owner, hostIp: place.hostIp, reservation }]);
  }

  #reserve(
    { protocol, containerPort }: ContainerPort,
    port: number,
    place: PortPlace,
  ): Holding["reservation"] {
    const { hostIp: address, containerIp, proxied } = place;
    const options = this.#namespace === undefined ? {} : { namespace: this.#namespace };
    try {
      if (!proxied || !isProxiable(protocol)) return reservePort({ protocol, address, port }, options);
      return this.#proxies.open({ protocol, address, port }, { address: containerIp, port: containerPort });
    } catch (error) {
      if (protocol === "sctp" && isErrno(error, "EPROTONOSUPPORT", "ESOCKTNOSUPPORT")) return undefined;
      if (!(error instanceof SyscallError)) throw error;
      const target = `${bracket(containerIp)}:${containerPort}/${protocol}`;
      throw cannotBindPort(`${bracket(address)}:${port}`, target, error);
    }
  }

  #put(key: string, holdings: Holding[]): void {
    if (holdings.length > 0) this.#holdings.set(key, holdings);
    else this.#holdings.delete(key);
  }
}

function keyOf(protocol: Protocol, port: number): string {
  return `${protocol} ${port}`;
}

function bracket(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function overlap(a: string, b: string): boolean {
  if (a.includes(":") !== b.includes(":")) return false;
  return a === b || [a, b].some((address) => address === "0.0.0.0" || address === "::");
}

/** Whether the next port of a range may do where this one did not. */
function isOccupied(error: unknown): boolean {
  // Without a cause it is this engine's own port; with one, what the kernel said.
  return isKind(error, "conflict") && (error.cause === undefined || isErrno(error.cause, "EADDRINUSE"));
}

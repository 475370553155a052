import { conflict, type EngineError, invalidArgument, messageOf } from "../../base/errors.ts";
import type { EndpointRecord } from "../../core/networks/network-record.ts";
import { describeErrno } from "../../os/linux/errno-text.ts";
import type { SyscallError } from "../../os/linux/syscall-error.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const invalidOption = (label: string, value: string, reason: string): EngineError =>
  invalidArgument(`failed to parse ${label} value: ${value} (${reason})`);

export const portIsAllocated = (address: string, port: number): EngineError =>
  conflict(`Bind for ${address}:${port} failed: port is already allocated`);

export const allPortsAllocated = (): EngineError => conflict("all ports are allocated");

/** `target` is where the port leads: `172.17.0.2:80/tcp`. */
export function cannotBindPort(hostPlace: string, target: string, error: SyscallError): EngineError {
  const reason = describeErrno(error.errno);
  return conflict(`failed to bind host port for ${hostPlace}:${target}: ${reason}`, { cause: error });
}

/** What failed while the ports of an endpoint were published, as docker introduces it. */
export function cannotPublish(endpoint: EndpointRecord, cause: unknown): EngineError {
  return conflict(
    `driver failed programming external connectivity on endpoint ${endpoint.containerName} (${endpoint.id}): ${messageOf(cause)}`,
    { cause },
  );
}

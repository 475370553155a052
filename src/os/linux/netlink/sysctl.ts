import { readFileSync, writeFileSync } from "node:fs";
import { invalidArgument } from "../../../base/errors.ts";
import { withNetworkNamespace } from "../namespace.ts";
import type { NetworkNamespaceRef } from "./socket.ts";

/**
 * The file of a network setting. As sysctl(8) has it, the first separator decides: `net.ipv4.ip_forward`, or
 * `net/ipv4/conf/eth0.5/forwarding` where a name holds dots. Errors: invalidArgument for anything outside `net`.
 */
export function sysctlPath(key: string): string {
  const separator = /[./]/.exec(key)?.[0];
  const parts = separator === undefined ? [key] : key.split(separator);
  // With dots as separators sysctl(8) reads a slash as the dot of a name.
  const names = separator === "." ? parts.map((part) => part.replaceAll("/", ".")) : parts;
  const wellFormed = names.every((name) => /^[^/\0]+$/.test(name) && name !== "." && name !== "..");
  if (names.length < 2 || names[0] !== "net" || !wellFormed) {
    throw invalidArgument(`invalid network sysctl: ${JSON.stringify(key)}`);
  }
  return `/proc/sys/${names.join("/")}`;
}

// The kernel shows each thread the settings of the namespace that it is in, so entering it is all that is needed.

/** The value of a network setting without its line end. Errors: ENOENT for one that the kernel does not have. */
export function readSysctl(key: string, namespace?: NetworkNamespaceRef): string {
  const path = sysctlPath(key);
  const read = () => readFileSync(path, "utf8").trimEnd();
  return namespace === undefined ? read() : withNetworkNamespace(namespace, read);
}

/** Writes network settings in order. Errors: ENOENT, EINVAL and so on of the file. */
export function writeSysctls(
  settings: Readonly<Record<string, string>>,
  namespace?: NetworkNamespaceRef,
): void {
  const files = Object.entries(settings).map(([key, value]) => [sysctlPath(key), value] as const);
  const write = () => {
    for (const [path, value] of files) writeFileSync(path, value);
  };
  if (namespace === undefined) write();
  else withNetworkNamespace(namespace, write);
}

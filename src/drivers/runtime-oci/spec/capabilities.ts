import { invalidArgument } from "../../../base/errors.ts";

/** Capabilities in the order of their numbers. Source: capabilities(7). */
const NAMES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";
export const ALL_CAPABILITIES: readonly string[] = NAMES.split(" ").map((name) => `CAP_${name}`);

/** What a container has unless told otherwise. Source: Docker documentation, "Runtime privilege and Linux capabilities". */
const DEFAULT_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

const ALL = "ALL";

/** The names of the bits that are set in a capability mask as /proc/PID/status spells it. */
export function parseCapabilityMask(hex: string): Set<string> {
  const mask = BigInt(`0x${hex}`);
  return new Set(ALL_CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n));
}

function normalize(names: readonly string[] | null | undefined, field: string): string[] {
  return (names ?? []).map((name) => {
    const upper = name.toUpperCase();
    if (upper === ALL || ALL_CAPABILITIES.includes(upper)) return upper;
    const full = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
    if (!ALL_CAPABILITIES.includes(full))
      throw invalidArgument(`invalid ${field}: unknown capability: ${JSON.stringify(full)}`);
    return full;
  });
}

export interface CapabilityRequest {
  readonly add: readonly string[] | null | undefined;
  readonly drop: readonly string[] | null | undefined;
  readonly privileged: boolean;
  /** What the engine itself may hand on. */
  readonly available: ReadonlySet<string>;
}

/** The capabilities of a container. Errors: invalidArgument for a name that is none. */
export function resolveCapabilities(request: CapabilityRequest): string[] {
  const add = normalize(request.add, "CapAdd");
  const drop = normalize(request.drop, "CapDrop");
  return choose(request.privileged, add, drop).filter((name) => request.available.has(name));
}

function choose(privileged: boolean, add: string[], drop: string[]): string[] {
  if (privileged) return [...ALL_CAPABILITIES];
  if (add.includes(ALL)) return ALL_CAPABILITIES.filter((name) => !drop.includes(name));
  const added = add.filter((name) => drop.includes(ALL) || !DEFAULT_CAPABILITIES.includes(name));
  if (drop.includes(ALL)) return [...new Set(added)];
  return [...DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name)), ...new Set(added)];
}

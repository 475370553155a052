/** What the parser's own files on this host offer to a profile. */
export interface ProfileParts {
  /** `abi/3.0`: names the rules' meaning, which later versions change. */
  readonly abi: boolean;
  /** `tunables/global`: variables such as `@{PROC}`. */
  readonly tunables: boolean;
  /** `abstractions/base`: what every program needs. */
  readonly base: boolean;
}

/** Places below which nothing may be written: all but a process's own and `sys`, in terms of the first letters. */
const CLOSED_PROC = ["[^1-9s]*", "s", "sy", "s[^y]*", "sy[^s]*", "sys?*"];
/** All of `kernel` but shared memory's settings, and all beside `kernel`. */
const CLOSED_SYSCTLS = [
  "[^k]**",
  "k[^e]**",
  "kernel/[^s]**",
  "kernel/s",
  "kernel/s[^h]**",
  "kernel/sh[^m]**",
];
/** All of /sys but control groups. */
const CLOSED_SYS = ["[^f]*", "f[^s]*", "fs/[^c]*", "fs/c[^g]*", "fs/cg[^r]*"];
/** What tells of the host, or hands it over. */
const SECRET = [
  "@{PROC}/sysrq-trigger",
  "@{PROC}/kcore",
  "/sys/firmware/**",
  "/sys/devices/virtual/powercap/**",
  "/sys/kernel/security/**",
];
/** Who may send signals to a container: the engine, and runtimes that distributions confine. */
const SENDERS = ["unconfined", "runc", "crun"];

/**
 * The profile of containers that name none: everything but mounting, the kernel's cryptography sockets, and what the
 * masked and read-only paths of a container keep away as well. Its effects are those of docker's profile of that name.
 * Source: apparmor.d(5); Docker documentation, "AppArmor security profiles for Docker".
 */
export function defaultProfileText(name: string, engineProfile: string, parts: ProfileParts): string {
  const peers = [...new Set([...SENDERS, engineProfile])];
  const rules = [
    ...(parts.base ? ["#include <abstractions/base>"] : []),
    "network,",
    "deny network alg,",
    "capability,",
    "file,",
    "umount,",
    ...peers.map((peer) => `signal (receive) peer="${peer}",`),
    `signal (send, receive) peer="${name}",`,
    `ptrace (trace, tracedby, read, readby) peer="${name}",`,
    "deny mount,",
    "deny @{PROC}/* w,",
    ...CLOSED_PROC.map((place) => `deny @{PROC}/${place}/** w,`),
    ...CLOSED_SYSCTLS.map((place) => `deny @{PROC}/sys/${place} w,`),
    ...CLOSED_SYS.map((place) => `deny /sys/${place}/** wklx,`),
    ...SECRET.map((path) => `deny ${path} rwklx,`),
  ];
  return [
    ...(parts.abi ? ["abi <abi/3.0>,"] : []),
    parts.tunables ? "#include <tunables/global>" : "@{PROC}=/proc/",
    `profile "${name}" flags=(attach_disconnected, mediate_deleted) {`,
    ...rules.map((rule) => `  ${rule}`),
    "}",
    "",
  ].join("\n");
}

import { readFileSync } from "node:fs";
import { arch, cpus, release, version } from "node:os";

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A kernel without the feature, or a host without the file, is a valid answer: nothing.
    return "";
  }
}

export interface Distribution {
  /** `Debian GNU/Linux 12 (bookworm)`; `Linux` on a host that does not say. */
  readonly prettyName: string;
  /** `debian`. */
  readonly id: string;
  /** `12`; empty for rolling ones. */
  readonly versionId: string;
}

/** The fields of an os-release file. Source: os-release(5). */
export function parseOsRelease(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
    if (!match) continue;
    const quoted = /^(["'])(.*)\1$/.exec(match[2]!);
    const value = quoted ? quoted[2]! : match[2]!;
    fields.set(match[1]!, quoted?.[1] === "'" ? value : value.replace(/\\([\\"$`])/g, "$1"));
  }
  return fields;
}

/** The distribution that this host runs. */
export function readDistribution(): Distribution {
  const fields = parseOsRelease(readText("/etc/os-release") || readText("/usr/lib/os-release"));
  return {
    prettyName: fields.get("PRETTY_NAME") ?? fields.get("NAME") ?? "Linux",
    id: fields.get("ID") ?? "linux",
    versionId: fields.get("VERSION_ID") ?? "",
  };
}

export interface KernelInfo {
  /** `6.18.44-generic`, as uname(2) has it. */
  readonly release: string;
  /** The build's text of uname(2). */
  readonly version: string;
  /** `x86_64`, `aarch64`. */
  readonly machine: string;
  readonly major: number;
  readonly minor: number;
}

const MACHINES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** What runs here. */
export function readKernelInfo(): KernelInfo {
  const [major = 0, minor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return { release: release(), version: version(), machine: MACHINES[arch()] ?? arch(), major, minor };
}

/** Whether the running kernel is at least that version. */
export function isKernelAtLeast(major: number, minor: number): boolean {
  const kernel = readKernelInfo();
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

export interface MemoryInfo {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
}

/** The sizes of a meminfo file. Source: proc_meminfo(5). */
export function parseMemInfo(text: string): MemoryInfo {
  const sizeOf = (name: string) => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
    return match ? Number(match[1]) * 1024 : 0;
  };
  return {
    totalBytes: sizeOf("MemTotal"),
    availableBytes: sizeOf("MemAvailable"),
    swapTotalBytes: sizeOf("SwapTotal"),
  };
}

/** The memory of this machine as it is now. */
export function readMemoryInfo(): MemoryInfo {
  return parseMemInfo(readText("/proc/meminfo"));
}

/** Processors that are online. */
export function countCpus(): number {
  return cpus().length;
}

/** Whether SELinux is active: its file system is mounted. */
export function isSelinuxEnabled(): boolean {
  return readText("/sys/fs/selinux/enforce") !== "";
}

/** Whether the kernel filters system calls (`CONFIG_SECCOMP_FILTER`). */
export function isSeccompAvailable(): boolean {
  return readText("/proc/sys/kernel/seccomp/actions_avail") !== "";
}

/** The value of a kernel parameter by its dotted name; undefined where the kernel has none of that name. */
export function readSysctl(name: string): string | undefined {
  const text = readText(`/proc/sys/${name.replaceAll(".", "/")}`);
  return text === "" ? undefined : text.trim();
}

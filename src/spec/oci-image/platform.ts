import { invalidArgument } from "../../base/errors.ts";
import { objectOf, textOf, textsOf } from "./document.ts";

/**
 * What an image runs on.
 * Source: OCI image-spec v1.1, image-index.md, "platform"; containerd/platforms, normalisation and matching.
 */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
}

const SPECIFIER_PART = /^[A-Za-z0-9_.-]+$/;
/** The first part: a system, in brackets its version. */
const OS_PART = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?$/;
const KNOWN_OS = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);
const KNOWN_ARCHITECTURE = new Set(
  "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm".split(
    " ",
  ),
);

function normalizeOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === "macos" ? "darwin" : lower;
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): [architecture: string, variant: string] {
  const arch = architecture.toLowerCase();
  const lowerVariant = variant.toLowerCase();
  switch (arch) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", lowerVariant === "v1" ? "" : lowerVariant];
    case "aarch64":
    case "arm64":
      return ["arm64", lowerVariant === "8" || lowerVariant === "v8" ? "" : lowerVariant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      if (lowerVariant === "" || lowerVariant === "7") return ["arm", "v7"];
      return ["arm", /^[568]$/.test(lowerVariant) ? `v${lowerVariant}` : lowerVariant];
    default:
      return [arch, lowerVariant];
  }
}

/** The one spelling of a platform: `x86_64` is `amd64`, `aarch64/v8` is `arm64`, `arm` is `arm/v7`. */
export function normalizePlatform(platform: Platform): Platform {
  const [architecture, variant] = normalizeArchitecture(platform.architecture, platform.variant ?? "");
  const { variant: _dropped, ...rest } = platform;
  return {
    ...rest,
    os: normalizeOs(platform.os),
    architecture,
    ...(variant !== "" && { variant }),
  };
}

/** The platform object of a descriptor or config. Errors: invalidArgument for fields that are not texts. */
export function parsePlatformObject(value: unknown): Platform {
  const object = objectOf(value, "platform");
  const variant = textOf(object["variant"], "platform variant");
  const osVersion = textOf(object["os.version"], "platform os.version");
  const osFeatures = textsOf(object["os.features"], "platform os.features", 64);
  return {
    os: textOf(object["os"], "platform os") ?? "",
    architecture: textOf(object["architecture"], "platform architecture") ?? "",
    ...(variant && { variant }),
    ...(osVersion && { "os.version": osVersion }),
    ...(osFeatures && { "os.features": osFeatures }),
  };
}

/** This machine's platform. */
export function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", loong64: "loong64" };
  return normalizePlatform({
    os: process.platform === "win32" ? "windows" : process.platform,
    architecture: architectures[process.arch] ?? process.arch,
  });
}

/**
 * The platform that a `--platform` value names: `linux/amd64`, `linux/arm/v6`, `windows(10.0.17763)/amd64`, `arm64` (this
 * machine's OS), `linux` (this machine's architecture). Errors: invalidArgument with containerd's texts.
 */
export function parsePlatform(text: string): Platform {
  const quoted = JSON.stringify(text);
  if (text.includes("*")) throw invalidArgument(`${quoted}: wildcards not yet supported: invalid argument`);
  const parts = text.split("/");
  const [first, second, third] = parts as [string, string?, string?];
  const [, os = "", version] = OS_PART.exec(first) ?? [];
  if (os === "") throw invalidPart(first, quoted, "OS component", "OSAndVersion specifier", OS_PART);
  for (const part of parts.slice(1)) {
    if (SPECIFIER_PART.test(part)) continue;
    throw invalidPart(part, quoted, "component", "platform specifier", SPECIFIER_PART);
  }
  const system = { os: normalizeOs(os), ...(version && { "os.version": version }) };
  if (parts.length === 1) return parseSingle(first, system, quoted);
  if (parts.length > 3) throw invalidArgument(`${quoted}: cannot parse platform specifier: invalid argument`);
  return normalizePlatform({
    ...system,
    architecture: second!,
    ...(third !== undefined && { variant: third }),
  });
}

function invalidPart(part: string, quoted: string, what: string, how: string, pattern: RegExp): Error {
  return invalidArgument(
    `${JSON.stringify(part)} is an invalid ${what} of ${quoted}: ${how} component must match ${JSON.stringify(pattern.source)}: invalid argument`,
  );
}

function parseSingle(text: string, system: Pick<Platform, "os" | "os.version">, quoted: string): Platform {
  const host = hostPlatform();
  if (KNOWN_OS.has(system.os)) return { ...host, ...system };
  const [architecture, variant] = normalizeArchitecture(text, "");
  if (KNOWN_ARCHITECTURE.has(architecture)) {
    return { os: host.os, architecture, ...(variant !== "" && { variant }) };
  }
  throw invalidArgument(`${quoted}: unknown operating system or architecture: invalid argument`);
}

/** `os/architecture[/variant]`, left-out parts `unknown`. */
export function formatPlatform(platform: Platform): string {
  if (platform.os === "") return "unknown";
  const parts = [platform.os, platform.architecture];
  if (platform.variant) parts.push(platform.variant);
  return parts.filter((part) => part !== "").join("/");
}

const ARM_VARIANTS = ["v8", "v7", "v6", "v5"];
const AMD64_VARIANTS = ["v4", "v3", "v2", ""];

/** Platforms whose images run where those of `platform` do, best first. */
export function compatiblePlatforms(platform: Platform): Platform[] {
  const { os, architecture, variant = "" } = normalizePlatform(platform);
  const plain = (arch: string, v: string): Platform => ({
    os,
    architecture: arch,
    ...(v !== "" && { variant: v }),
  });
  if (architecture === "amd64") {
    const from = AMD64_VARIANTS.indexOf(variant);
    const variants = from < 0 ? [variant] : AMD64_VARIANTS.slice(from);
    return [...variants.map((v) => plain("amd64", v)), plain("386", "")];
  }
  if (architecture === "arm") {
    const from = ARM_VARIANTS.indexOf(variant);
    return (from < 0 ? [variant] : ARM_VARIANTS.slice(from)).map((v) => plain("arm", v));
  }
  if (architecture === "arm64") {
    const own = plain("arm64", variant);
    const base = variant === "" ? [] : [plain("arm64", "")];
    return [own, ...base, ...ARM_VARIANTS.map((v) => plain("arm", v))];
  }
  return [plain(architecture, variant)];
}

/** How well `candidate` runs where images for `wanted` do: 0 is best; undefined where it does not. */
export function platformRank(wanted: Platform, candidate: Platform): number | undefined {
  const normal = normalizePlatform(candidate);
  const rank = compatiblePlatforms(wanted).findIndex(
    (platform) =>
      platform.os === normal.os &&
      platform.architecture === normal.architecture &&
      (platform.variant ?? "") === (normal.variant ?? ""),
  );
  return rank < 0 ? undefined : rank;
}

/** As `platformRank`, for a platform that was asked for by name: other architectures do not fit, however compatible. */
export function strictPlatformRank(wanted: Platform, candidate: Platform): number | undefined {
  const same = normalizePlatform(wanted).architecture === normalizePlatform(candidate).architecture;
  return same ? platformRank(wanted, candidate) : undefined;
}

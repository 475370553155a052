import { invalidArgument } from "../../../../base/errors.ts";
import type {
  SeccompAction,
  SeccompArgument,
  SeccompFilter,
  SeccompRule,
} from "../../../../spec/oci-runtime/seccomp.ts";

/**
 * A seccomp profile in docker's form, as `--security-opt seccomp=FILE` sends it.
 * Source: Docker documentation, "Seccomp security profiles for Docker".
 */
export interface DockerSeccompProfile {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[] | null;
  readonly archMap?: readonly ArchitectureMapping[] | null;
  readonly flags?: readonly string[] | null;
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly DockerSeccompRule[] | null;
}

/** An architecture with those whose system calls it can make too. */
export interface ArchitectureMapping {
  readonly architecture: string;
  readonly subArchitectures?: readonly string[] | null;
}

export interface DockerSeccompRule {
  readonly name?: string;
  readonly names?: readonly string[] | null;
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[] | null;
  readonly comment?: string;
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}

export interface SeccompCondition {
  readonly caps?: readonly string[] | null;
  /** Go's names: `amd64`, `arm64`. */
  readonly arches?: readonly string[] | null;
  /** `major.minor`. */
  readonly minKernel?: string;
}

/** What conditions of a profile are held against. */
export interface SeccompTarget {
  /** Capabilities of the container, with `CAP_`. */
  readonly capabilities: ReadonlySet<string>;
  /** Go's name of the architecture. */
  readonly architecture: string;
  readonly kernel: { readonly major: number; readonly minor: number };
}

const NATIVE_ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: "SCMP_ARCH_X86_64",
  "386": "SCMP_ARCH_X86",
  arm64: "SCMP_ARCH_AARCH64",
  arm: "SCMP_ARCH_ARM",
  ppc64le: "SCMP_ARCH_PPC64LE",
  riscv64: "SCMP_ARCH_RISCV64",
  s390x: "SCMP_ARCH_S390X",
  loong64: "SCMP_ARCH_LOONGARCH64",
};

function isKernelAtLeast(version: string, kernel: SeccompTarget["kernel"]): boolean {
  const match = /^(\d+)\.(\d+)$/.exec(version);
  if (!match) throw invalidArgument(`Decoding seccomp profile failed: invalid kernel version: ${version}`);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

function isExcluded(condition: SeccompCondition, target: SeccompTarget): boolean {
  if (condition.arches?.includes(target.architecture)) return true;
  if (condition.caps?.some((capability) => target.capabilities.has(capability))) return true;
  return condition.minKernel ? isKernelAtLeast(condition.minKernel, target.kernel) : false;
}

function isIncluded(condition: SeccompCondition, target: SeccompTarget): boolean {
  if (condition.arches?.length && !condition.arches.includes(target.architecture)) return false;
  if (condition.caps?.some((capability) => !target.capabilities.has(capability))) return false;
  return condition.minKernel ? isKernelAtLeast(condition.minKernel, target.kernel) : true;
}

function namesOf(rule: DockerSeccompRule): string[] {
  if (rule.name && rule.names?.length) {
    throw invalidArgument(
      "Decoding seccomp profile failed: both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'",
    );
  }
  return rule.name ? [rule.name] : [...(rule.names ?? [])];
}

function compileRule(rule: DockerSeccompRule): SeccompRule {
  return {
    names: namesOf(rule),
    action: rule.action,
    ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
    ...(rule.args?.length ? { args: rule.args.map((argument) => ({ ...argument })) } : {}),
  };
}

function architecturesOf(profile: DockerSeccompProfile, target: SeccompTarget): string[] | undefined {
  if (profile.architectures?.length && profile.archMap?.length) {
    throw invalidArgument(
      "Decoding seccomp profile failed: both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  if (profile.architectures?.length) return [...profile.architectures];
  const native = NATIVE_ARCHITECTURES[target.architecture];
  const mapping = profile.archMap?.find((entry) => entry.architecture === native);
  return mapping && [mapping.architecture, ...(mapping.subArchitectures ?? [])];
}

/** The filter that a profile means for one container. Errors: invalidArgument. */
export function compileSeccomp(profile: DockerSeccompProfile, target: SeccompTarget): SeccompFilter {
  const architectures = architecturesOf(profile, target);
  const syscalls: SeccompRule[] = [];
  for (const rule of profile.syscalls ?? []) {
    if (rule.excludes && isExcluded(rule.excludes, target)) continue;
    if (rule.includes && !isIncluded(rule.includes, target)) continue;
    const compiled = compileRule(rule);
    // A rule without a name says nothing, which the OCI document has no form for.
    if (compiled.names.length > 0) syscalls.push(compiled);
  }
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures ? { architectures } : {}),
    ...(profile.flags?.length ? { flags: [...profile.flags] } : {}),
    ...(profile.listenerPath ? { listenerPath: profile.listenerPath } : {}),
    ...(profile.listenerMetadata ? { listenerMetadata: profile.listenerMetadata } : {}),
    syscalls,
  };
}

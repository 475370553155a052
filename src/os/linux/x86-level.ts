import { readFileSync } from "node:fs";

/** What each microarchitecture level adds, by the kernel's names. Source: x86-64 psABI, "Micro-Architecture Levels". */
const LEVELS = [
  [2, "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3"],
  [3, "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"],
  [4, "avx512f avx512bw avx512cd avx512dq avx512vl"],
] as const;

/** Level of the x86-64 architecture that this machine's processors have: 1 to 4. */
export function readX86Level(cpuinfo: string = readFileSync("/proc/cpuinfo", "utf8")): number {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(" "));
  const missing = LEVELS.find(([, needed]) => !needed.split(" ").every((flag) => flags.has(flag)));
  return missing ? missing[0] - 1 : 4;
}

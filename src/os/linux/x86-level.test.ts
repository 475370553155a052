import { expect, test } from "bun:test";
import { readX86Level } from "./x86-level.ts";

const V2 = "fpu cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3";
const V3 = `${V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`;

test.each([
  ["fpu sse2", 1],
  [V2, 2],
  [`${V2} avx512f`, 2],
  [V3, 3],
  [`${V3} avx512f avx512bw avx512cd avx512dq avx512vl`, 4],
  [`fpu ${V3.replace("ssse3", "")}`, 1],
])("%s", (flags, level) => {
  expect(readX86Level(`processor\t: 0\nflags\t\t: ${flags}\nbugs\t: none\n`)).toBe(level);
});

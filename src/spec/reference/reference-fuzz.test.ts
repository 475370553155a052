import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mutations } from "../../../test/fixtures/mutations.ts";
import { isKind } from "../../base/errors.ts";
import {
  familiarString,
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
} from "./reference.ts";

/** `GANTRY_FUZZ_ROUNDS` looks further; what it finds becomes a line of the golden file. */
const ROUNDS = Number(process.env["GANTRY_FUZZ_ROUNDS"] ?? 30_000);
const SLOW_MS = 100;

interface Case {
  readonly text: string;
  /** The full reference, or the message of the refusal. */
  readonly means?: string;
  readonly refused?: string;
}

const cases: readonly Case[] = readFileSync(join(import.meta.dir, "golden/references.jsonl"), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line));

/** The reference, or why it is none. Whatever else is thrown is a fault. */
function parse(text: string): NamedReference | string {
  try {
    return parseNormalized(text);
  } catch (error) {
    if (isKind(error, "invalidArgument")) return error.message;
    throw error;
  }
}

test.each(cases)("$text", ({ text, means, refused }) => {
  const found = parse(text);
  expect(typeof found === "string" ? { refused: found } : { means: fullString(found) }).toEqual(
    means === undefined ? { refused: refused! } : { means },
  );
});

test("whatever is typed is a reference that means itself, or is refused, and soon", () => {
  const variants = mutations(
    cases.map(({ text }) => Buffer.from(text)),
    20_261_123,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const text = variants.next().value!.toString(round % 2 === 0 ? "utf8" : "latin1");
    const startMs = performance.now();
    const found = parse(text);
    if (performance.now() - startMs > SLOW_MS) throw new Error(`slow: ${JSON.stringify(text)}`);
    if (typeof found === "string") continue;
    for (const again of [fullString(found), familiarString(found)]) {
      if (JSON.stringify(parse(again)) === JSON.stringify(found)) continue;
      throw new Error(`${JSON.stringify(text)} is read as ${again}, and that as something else`);
    }
    expect(fullString(tagNameOnly(found))).toMatch(/[:@]/);
  }
});

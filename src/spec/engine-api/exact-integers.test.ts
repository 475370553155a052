import { expect, test } from "bun:test";
import { exactIntegers } from "./exact-integers.ts";

test("named integers keep all their digits, other members stay as they are", () => {
  const text =
    '{"count":18446744073709551614,"few":2,"other":9007199254740993,"in":[{"count":0}],"few2":{"few":null}}';
  expect(JSON.parse(text, exactIntegers("count", "few") as never)).toEqual({
    count: 18446744073709551614n,
    few: 2n,
    other: 9007199254740992,
    in: [{ count: 0n }],
    few2: { few: null },
  });
});

import { expect, test } from "bun:test";
import { parseNumberList } from "./number-list.ts";

test.each([
  ["", []],
  ["7", [7]],
  ["0,3-4,7", [0, 3, 4, 7]],
  ["03,1-3", [3, 1, 2]],
])("%p", (text, numbers) => {
  expect([...parseNumberList(text)]).toEqual(numbers);
});

test.each([
  ["abc", "invalid format: abc"],
  ["3-1", "invalid format: 3-1"],
  ["1,", "invalid format: 1,"],
  ["-1", "invalid format: -1"],
  ["1-9223372036854775807", "value of out range, maximum is 8192"],
])("%p is refused", (text, message) => {
  expect(() => parseNumberList(text)).toThrow(message);
});

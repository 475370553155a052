import { expect, test } from "bun:test";
import { readGoBool } from "./go-bool.ts";

test("what Go takes for true and false, and nothing else", () => {
  expect(["1", "t", "T", "true", "TRUE", "True"].map(readGoBool)).toEqual(Array(6).fill(true));
  expect(["0", "f", "F", "false", "FALSE", "False"].map(readGoBool)).toEqual(Array(6).fill(false));
  expect(["", "yes", "tRUE", "toString", "01"].map(readGoBool)).toEqual(Array(5).fill(undefined));
});

import { expect, test } from "bun:test";
import { findWorkplaceWords } from "./check-words.ts";

test("words and hosts are found by line", () => {
  expect(findWorkplaceWords("fine\nsee shop.example/x\nbanana", [/banana/], ["shop.example"])).toEqual([
    2, 3,
  ]);
  expect(findWorkplaceWords("fine", [/banana/], [])).toEqual([]);
});

import { expect, test } from "bun:test";
import { booleanFilter } from "./filters.ts";

const filter = (...values: string[]) => booleanFilter(new Map([["dangling", values]]), "dangling");

test("a filter that says yes or no", () => {
  expect(booleanFilter(new Map(), "dangling")).toBeUndefined();
  expect([filter("true"), filter("1", "true"), filter("0"), filter("false")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each([[["maybe"]], [["True"]], [["1", "0"]]])("%j is neither, or both", (values) => {
  expect(() => filter(...values)).toThrow(`invalid filter 'dangling=[${values.join(" ")}]'`);
});

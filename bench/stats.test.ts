import { expect, test } from "bun:test";
import { percentile, summarize } from "./stats.ts";

test("percentile interpolates between neighbours", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(percentile([10], 0.9)).toBe(10);
  expect(percentile([0, 10], 0.9)).toBeCloseTo(9);
});

test("percentile of an empty series is an error", () => {
  expect(() => percentile([], 0.5)).toThrow("percentile of nothing");
});

test("summarize leaves its input alone", () => {
  const series = [3, 1, 2];
  expect(summarize(series)).toEqual({ runs: 3, median: 2, p90: expect.closeTo(2.8), min: 1 });
  expect(series).toEqual([3, 1, 2]);
});

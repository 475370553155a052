import { expect, test } from "bun:test";
import { mergeLogConfig } from "./log-config.ts";

const defaults = { Type: "json-file", Config: { "max-size": "1m", "cache-disabled": "true" } };

test("options of the default driver are for it alone, those of what is kept beside a driver for all", () => {
  expect(mergeLogConfig(undefined, defaults)).toEqual(defaults);
  expect(mergeLogConfig({ Type: "json-file", Config: { "max-size": "2m" } }, defaults).Config).toEqual({
    "max-size": "2m",
    "cache-disabled": "true",
  });
  expect(mergeLogConfig({ Type: "gelf", Config: {} }, defaults).Config).toEqual({ "cache-disabled": "true" });
  const chosen = { Type: "gelf", Config: { "cache-disabled": "false", tag: "x" } };
  expect(mergeLogConfig(chosen, defaults)).toEqual(chosen);
});

import { expect, test } from "bun:test";
import { messageOf, unavailable } from "./errors.ts";

test("clearing up that fails after a failure hides neither", () => {
  const fail = () => {
    using _held = {
      [Symbol.dispose]: () => {
        throw new Error("it is still mounted");
      },
    };
    throw unavailable("no such device");
  };
  let told = "";
  try {
    fail();
  } catch (error) {
    told = messageOf(error);
  }
  expect(told).toBe("no such device; then it is still mounted");
});

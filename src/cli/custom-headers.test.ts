import { expect, test } from "bun:test";
import { customHeaders } from "./custom-headers.ts";

const headers = (text?: string) => customHeaders({ DOCKER_CUSTOM_HEADERS: text });

test("headers of the environment", () => {
  expect(headers()).toBeUndefined();
  expect(headers("")).toBeUndefined();
  expect(headers('A=b, C = d ,"E=f,g",H=')).toEqual({ A: "b", C: " d ", E: "f,g", H: "" });
});

test.each([
  ["foo", `missing "=" in key=value pair: 'foo'`],
  ["a=b,=c", "value contains a key=value pair with an empty key: '=c'"],
  ['a="b', "value must be formatted as comma-separated key=value pairs"],
])("%s is refused", (text, problem) => {
  expect(() => headers(text)).toThrow(problem);
});

import { expect, test } from "bun:test";
import { findDocumentError, findSyntaxError } from "./syntax-error.ts";

test.each([
  ["{invalid", "invalid character 'i' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["[1 2]", "invalid character '2' after array element"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ["nonsense", "invalid character 'o' in literal null (expecting 'u')"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.e", "invalid character 'e' after decimal point in numeric literal"],
  ["1ea", "invalid character 'a' in exponent of numeric literal"],
  ['{"a":[', "unexpected EOF"],
  ["[".repeat(20_000), "exceeded max depth"],
])("%j", (text, problem) => {
  expect(findSyntaxError(text)).toEqual({ problem });
});

test("what follows a value is not its business", () => {
  for (const value of ['{"a": [1, -0.5e+3, "\\u00e4\\n", true, false, null, {}, []]}', '"x"', "12"]) {
    expect(findSyntaxError(`${value} more`)).toEqual({ end: value.length });
  }
});

test.each([
  [' {"a": 1}\n', undefined],
  ["", "unexpected end of JSON input"],
  ['{"a":', "unexpected end of JSON input"],
  ["{} x", "invalid character 'x' after top-level value"],
  ["{a}", "invalid character 'a' looking for beginning of object key string"],
])("as a whole document: %j", (text, problem) => {
  expect(findDocumentError(text)).toBe(problem);
});

import { describe, expect, test } from "bun:test";
import { decodeJsonStream, JsonStreamDecoder } from "./json-stream.ts";

const values = [{ status: 'a}"{\\' }, { list: [1, { deep: "ü€" }] }, [], { n: 1 }];

async function decode(text: string, step: number): Promise<unknown[]> {
  const bytes = Buffer.from(text);
  async function* source() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  return await Array.fromAsync(decodeJsonStream(source()));
}

describe("json stream", () => {
  for (const separator of ["\n", "\r\n", "", "  "]) {
    const text = values.map((value) => JSON.stringify(value)).join(separator);
    test.each([1, 2, 5, 1000])(
      `values with ${JSON.stringify(separator)} between, cut every %d bytes`,
      async (step) => {
        expect(await decode(text, step)).toEqual(values);
      },
    );
  }

  test("json-seq", async () => {
    expect(await decode('\u001e{"a":1}\n\u001e{"b":2}\n', 3)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test("a value is there as soon as its last byte is", () => {
    const decoder = new JsonStreamDecoder();
    expect(decoder.push(Buffer.from('{"a":1'))).toEqual([]);
    expect(decoder.push(Buffer.from("}"))).toEqual([{ a: 1 }]);
  });

  test("scalars end at white space or with the stream", async () => {
    expect(await decode('1 true\n"x"', 1)).toEqual([1, true, "x"]);
  });

  test("a stream cut short is an error", async () => {
    await expect(decode('{"a":1}{"b"', 4)).rejects.toThrow("unexpected EOF");
  });
});

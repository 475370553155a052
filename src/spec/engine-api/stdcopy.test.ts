import { describe, expect, test } from "bun:test";
import { encodeFrame, encodeFrameHeader, FrameDecoder, STDERR_STREAM, STDOUT_STREAM } from "./stdcopy.ts";

function decode(chunks: Buffer[]): Array<[number, string]> {
  const decoder = new FrameDecoder();
  const out: Array<[number, string]> = [];
  for (const chunk of chunks) {
    for (const piece of decoder.push(chunk)) {
      const last = out.at(-1);
      if (last && last[0] === piece.stream) last[1] += piece.bytes.toString("latin1");
      else out.push([piece.stream, piece.bytes.toString("latin1")]);
    }
  }
  expect(decoder.atFrameEnd).toBe(true);
  return out;
}

const framed = Buffer.concat([
  encodeFrame(STDOUT_STREAM, Buffer.from("hello\n")),
  encodeFrame(STDERR_STREAM, Buffer.from("oops\n")),
  encodeFrame(STDOUT_STREAM, Buffer.alloc(0)),
  encodeFrame(STDOUT_STREAM, Buffer.from("x".repeat(70_000))),
]);
const expected: Array<[number, string]> = [
  [1, "hello\n"],
  [2, "oops\n"],
  [1, "x".repeat(70_000)],
];

describe("stdcopy", () => {
  test("a header holds the stream and the length", () => {
    expect([...encodeFrameHeader(STDERR_STREAM, 0x01020304)]).toEqual([2, 0, 0, 0, 1, 2, 3, 4]);
  });

  test("decodes a stream in one chunk", () => {
    expect(decode([framed])).toEqual(expected);
  });

  test.each([1, 3, 7, 8, 9, 4096])("decodes a stream cut every %d bytes", (step) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < framed.length; at += step) chunks.push(framed.subarray(at, at + step));
    expect(decode(chunks)).toEqual(expected);
  });

  test("refuses a stream that is not framed", () => {
    expect(() => [...new FrameDecoder().push(Buffer.from("hello there\n"))]).toThrow(
      "Unrecognized input header: 104",
    );
  });

  test("knows when a frame is cut short", () => {
    const decoder = new FrameDecoder();
    const pieces = [...decoder.push(encodeFrame(1, Buffer.from("hello")).subarray(0, 10))];
    expect(pieces.map((piece) => piece.bytes.toString())).toEqual(["he"]);
    expect(decoder.atFrameEnd).toBe(false);
  });
});

import { describe, expect, test } from "bun:test";
import { encodeName, encodeReply, matchReply, parseQuery, RCODE, reverseAddress, TYPE } from "./mod.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const QUERY = hex("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001");
const WITH_EDNS = hex("1234 0100 0001 0000 0000 0001 03777777 00 001c 0001 00 0029 04d0 00000000 0000");

function question(bytes: Uint8Array) {
  const query = parseQuery(bytes);
  if (query.kind !== "question") throw new Error(query.kind);
  return query.question;
}

test("a question is read with its name, type and EDNS size", () => {
  expect(question(QUERY)).toMatchObject({
    id: 0x1234,
    name: "www.example",
    type: TYPE.A,
    udpBytes: undefined,
  });
  expect(question(WITH_EDNS)).toMatchObject({ name: "www", type: TYPE.AAAA, udpBytes: 1232 });
});

describe("malformed", () => {
  test.each([
    ["no header", "1234 0100 0001", "ignored"],
    ["an answer", "1234 8100 0001 0000 0000 0000 00 0001 0001", "ignored"],
    ["no question", "1234 0100 0000 0000 0000 0000", "malformed"],
    ["two questions", "1234 0100 0002 0000 0000 0000 00 0001 0001 00 0001 0001", "malformed"],
    ["an update", "1234 2800 0001 0000 0000 0000 00 0001 0001", "malformed"],
    ["a pointer to itself", "1234 0100 0001 0000 0000 0000 c00c 0001 0001", "malformed"],
    ["a label beyond the end", "1234 0100 0001 0000 0000 0000 3f77", "malformed"],
    ["no type", "1234 0100 0001 0000 0000 0000 0377777700 0001", "malformed"],
    ["a name too long", `1234 0100 0001 0000 0000 0000 ${"01 61".repeat(128)} 00 0001 0001`, "malformed"],
  ])("%s", (_what, text, kind) => {
    expect(parseQuery(hex(text)).kind).toBe(kind as never);
  });

  test("no bytes make it throw", () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return (seed >> 8) & 0xff;
    };
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: random() % 80 }, random);
      if (round % 2) bytes.set(QUERY.subarray(0, Math.min(12, bytes.length)));
      expect(() => parseQuery(bytes)).not.toThrow();
    }
  });
});

test("an answer repeats the question and points to its name", () => {
  const records = [{ type: TYPE.A, ttlSeconds: 600, data: hex("0a000001") }];
  const reply = encodeReply(question(QUERY), RCODE.noError, records, 512);
  expect(Buffer.from(reply).toString("hex")).toBe(
    `1234818000010001000000000${"3777777076578616d706c65"}0000010001c00c00010001000002580004${"0a000001"}`,
  );
  expect(matchReply(question(QUERY), 0x1234, reply)).toEqual({ rcode: 0, truncated: false });
  expect(matchReply(question(QUERY), 0x1235, reply)).toBeUndefined();
  expect(matchReply(question(WITH_EDNS), 0x1234, reply)).toBeUndefined();
});

test("an answer that is too long is cut at a record, and says so", () => {
  const records = Array.from({ length: 100 }, () => ({ type: TYPE.A, ttlSeconds: 1, data: hex("0a000001") }));
  const reply = encodeReply(question(QUERY), RCODE.noError, records, 512);
  expect(reply.byteLength).toBeLessThanOrEqual(512);
  expect(matchReply(question(QUERY), 0x1234, reply)?.truncated).toBe(true);
  expect(new DataView(reply.buffer).getUint16(6)).toBe(Math.floor((512 - QUERY.byteLength) / 16));
  expect(encodeReply(question(WITH_EDNS), RCODE.noError, records, 1232).byteLength).toBeGreaterThan(1200);
});

test("reverse names", () => {
  expect(reverseAddress("4.0.17.172.in-addr.arpa")).toBe("172.17.0.4");
  expect(reverseAddress(`${"1.".padEnd(64, "0.").slice(0, 64)}ip6.arpa`)).toBe(
    "0000:0000:0000:0000:0000:0000:0000:0001",
  );
  for (const name of ["in-addr.arpa", "1.2.3.in-addr.arpa", "256.0.0.1.in-addr.arpa", "x.ip6.arpa", "web"]) {
    expect(reverseAddress(name)).toBeUndefined();
  }
  expect(Buffer.from(encodeName("web.net")).toString("hex")).toBe("03776562036e657400");
});

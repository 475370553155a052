import { expect, test } from "bun:test";
import { DOCKER_FUNCTIONS } from "../../spec/go-template/docker-functions.ts";
import { parseGoStructs, readIntoStruct } from "../../spec/go-template/go-structs.ts";
import { parseTemplate } from "../../spec/go-template/template.ts";
import { GO_STRUCTS, INSPECTED_STRUCTS } from "./mod.ts";

function fill(text: string, data: unknown): string {
  return parseTemplate(text, { functions: DOCKER_FUNCTIONS, nilText: "<nil>" }).execute(data);
}

test.each(Object.values(INSPECTED_STRUCTS))("%s is declared whole and can be read from nothing", (name) => {
  expect(fill('{{printf "%T" .}}{{json .}}', readIntoStruct({}, name, GO_STRUCTS))).toBe(`${name}{}`);
});

test("every field prints its zero value", () => {
  const network = readIntoStruct({ Name: "n", Labels: { a: "b" } }, "network.Inspect", GO_STRUCTS);
  expect(fill("{{.}}", network)).toBe(
    "{n  0001-01-01 00:00:00 +0000 UTC   false false { map[] []} false false false {} false map[] map[] map[a:b] [] map[]}",
  );
  expect(fill("{{json .Options}} {{len .Options}} {{range .Peers}}peer{{end}}", network)).toBe("null 0 ");
});

test("times and durations print as Go's", () => {
  const structs = parseGoStructs("t\n  At time\n  For duration");
  const print = (At: string, For: number) =>
    fill("{{.}} {{json .At}}", readIntoStruct({ At, For }, "t", structs));
  expect(print("2026-11-23T05:43:51.97500+01:00", 90e9)).toBe(
    '{2026-11-23 05:43:51.975 +0100 +0100 1m30s} "2026-11-23T05:43:51.97500+01:00"',
  );
  expect(print("2026-11-23T05:43:51Z", 3_600_500_000_000)).toStartWith(
    "{2026-11-23 05:43:51 +0000 UTC 1h0m0.5s}",
  );
  expect(print("2026-11-23T05:43:51Z", 1_500)).toContain(" 1.5µs}");
});

test("pointers are addresses inside of others, and embedded fields are the holder's", () => {
  const structs = parseGoStructs(
    "outer\n  *inner\n  Next *inner\n  Flag *bool\ninner\n  Name=name string\n  Size int",
  );
  const outer = readIntoStruct({ name: "a", Next: { name: "b" }, Flag: false }, "outer", structs);
  expect(fill("{{.Name}} {{.Next}} {{.Flag}} {{if .Flag}}set{{end}}", outer)).toBe("a {b 0} false set");
  expect(fill("{{.}}", outer)).toMatch(/^\{(0xc[0-9a-f]{9} ){2}0xc[0-9a-f]{9}\}$/);
  expect(fill('{{printf "%v" .Next}} {{json .inner}}', outer)).toBe('&{b 0} {"name":"a"}');
});

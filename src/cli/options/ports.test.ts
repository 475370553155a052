import { describe, expect, test } from "bun:test";
import { parseExpose, parsePublish } from "./ports.ts";

const binding = (HostPort: string, HostIp = "") => ({ HostIp, HostPort });

describe("parsePublish", () => {
  test.each([
    ["80", { "80/tcp": [binding("")] }],
    ["8080:80", { "80/tcp": [binding("8080")] }],
    ["127.0.0.1:53:53/UDP", { "53/udp": [binding("53", "127.0.0.1")] }],
    ["[::1]::80", { "80/tcp": [binding("", "::1")] }],
    ["8000-8001:9000-9001", { "9000/tcp": [binding("8000")], "9001/tcp": [binding("8001")] }],
    ["8000-8010:80", { "80/tcp": [binding("8000-8010")] }],
    ["published=80,target=90,protocol=udp", { "90/udp": [binding("80")] }],
  ])("%s", (text, bindings) => {
    const parsed = parsePublish([text]);
    expect(parsed.bindings).toEqual(bindings);
    expect(Object.keys(parsed.exposed)).toEqual(Object.keys(bindings));
  });

  test("one port bound twice keeps both", () => {
    expect(parsePublish(["1:80", "2:80"]).bindings).toEqual({ "80/tcp": [binding("1"), binding("2")] });
  });

  // Texts as docker 28.2 prints them.
  test.each([
    ["99999:80", "invalid hostPort: 99999"],
    ["x", "invalid containerPort: x"],
    [":", "no port specified: :<empty>"],
    ["a:b:c:d", "invalid IP address: a:b"],
    ["80-81:80-82", "invalid ranges specified for container and host Ports: 80-82 and 80-81"],
    ["80/foo", "invalid proto: foo"],
    ["target=", "invalid publish opts format (should be name=value but got 'target=')"],
  ])("%s is refused", (text, message) => {
    expect(() => parsePublish([text])).toThrow(message);
  });
});

describe("parseExpose", () => {
  test("ports and ranges", () => {
    expect(Object.keys(parseExpose(["80", "90-92/udp"]))).toEqual(["80/tcp", "90/udp", "91/udp", "92/udp"]);
  });

  test.each([
    ["80:80", "invalid port format for --expose: 80:80"],
    ["a", 'invalid range format for --expose: a, error: strconv.ParseUint: parsing "a": invalid syntax'],
  ])("%s is refused", (text, message) => {
    expect(() => parseExpose([text])).toThrow(message);
  });
});

import { expect, test } from "bun:test";
import { tellExposedApi } from "./exposed-api.ts";

const tell = (host: string[], tls = false, tlsverify = false) =>
  tellExposedApi({ host, tls, tlsverify }).map((line) => line.split("\n")[0]);

test("TCP listeners that anybody may use are told of", () => {
  expect(tell(["unix:///run/a.sock", "fd://"])).toEqual([]);
  expect(tell(["0.0.0.0:23756", "tcp://[::1]:2375"])).toEqual([
    "[DEPRECATION NOTICE]: API is accessible on http://0.0.0.0:23756 without encryption.",
    "[DEPRECATION NOTICE]: API is accessible on http://[::1]:2375 without encryption.",
  ]);
  expect(tell(["tcp://:2376"], true)).toEqual([
    "[DEPRECATION NOTICE]: API is accessible on https://127.0.0.1:2376 without TLS client verification.",
  ]);
  expect(tell(["tcp://0.0.0.0:2376"], true, true)).toEqual([]);
});

import { expect, test } from "bun:test";
import { hostsOf, tellExposedApi } from "./listeners.ts";

const tell = (host: string[], tls = false, tlsverify = false) =>
  tellExposedApi({ host, tls, tlsverify, "exec-root": "/run/e" }).map((line) => line.split("\n")[0]);

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

test("the daemon listens where it is told to, or where clients look", () => {
  const settings = { host: [], tls: false, tlsverify: false, "exec-root": "/run/e" };
  expect(hostsOf(settings)).toEqual(["unix:///run/e/gantry.sock"]);
  expect(hostsOf({ ...settings, tls: true })).toEqual(["tcp://localhost:2376"]);
  expect(hostsOf({ ...settings, tls: true, host: ["fd://"] })).toEqual(["fd://"]);
});
